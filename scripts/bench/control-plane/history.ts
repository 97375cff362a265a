import type { Database } from '../../../src/db.ts'

const chunks = 4
const rungs = 3
const batch = 5_000

/**
 * So many completed videos as they stand in the tables after their time: rows of videos, tasks, their runs,
 * renditions and events. Columns that carry no index have something of the usual size.
 */
export async function fillHistory(sql: Database, videos: number): Promise<void> {
  for (let done = 0; done < videos; done += batch) {
    const count = Math.min(batch, videos - done)
    await insertVideos(sql, count, videos - done)
    await insertTasks(sql, count)
    if (done % (10 * batch) === 0) console.error(`history: ${done + count} of ${videos} videos`)
  }
  await sql`vacuum analyze`
}

async function insertVideos(sql: Database, count: number, left: number): Promise<void> {
  await sql`
    with numbers as (select n, now() - interval '1 day' - (${left}::int - n) * interval '1 min' as at
                     from generate_series(1, ${count}::int) n),
    v as (
      insert into videos (id, title, status, source_kind, source_etag, media, plan, outputs, tasks_total, tasks_done,
                          event_seq, created_at, started_at, completed_at, updated_at)
      select gen_random_uuid(), 'film ' || n, 'completed', 'key', md5(n::text), '{}',
             jsonb_build_object('filler', repeat(md5(n::text), 40)), jsonb_build_object('hls_master_key', md5(n::text)),
             ${chunks + rungs}::int, ${chunks + rungs}::int, 3, at, at, at + interval '5 min', at + interval '5 min'
      from numbers returning id, created_at
    ), e as (
      insert into events (video_id, seq, kind, at)
      select id, seq, kind, created_at from v, (values (1, 'submitted'), (2, 'planned'), (3, 'completed')) k (seq, kind)
    )
    insert into resolutions (video_id, name, position, width, height, fps, state, max_bitrate_bps, segments, mp4_key)
    select id, 360 + 60 * r || 'p', r, 640, 360, '30/1', 'ready', 800000,
           (select jsonb_agg(jsonb_build_object('key', md5(id::text || s), 'bytes', s)) from generate_series(1, 8) s),
           md5(id::text || r)
    from v, generate_series(0, ${rungs - 1}::int) r`
}

/** In a statement of its own: only now are the videos visible to the trigger that copies from them. */
async function insertTasks(sql: Database, count: number): Promise<void> {
  await sql`
    with t as (
      insert into tasks (video_id, kind, position, rank, state, fence, result, stream_id, announced_at, created_at)
      select v.id, k.kind, p, p, 'done', 1, '{"frames": 240, "ended_early": false}', '1-1', v.created_at, v.created_at
      from (select id, created_at from videos order by created_at desc limit ${count}) v,
           (values ('plan', 0), ('video', ${chunks - 1}::int), ('mp4', ${rungs - 1}::int), ('finish', 0)) k (kind, last),
           generate_series(0, k.last) p
      returning id, created_at
    )
    insert into task_runs (task_id, fence, worker_id, first_idx, started_at, ended_at, outcome)
    select id, 1, 'worker-' || id % 8, 0, created_at, created_at + interval '1 min', 'done' from t`
}
