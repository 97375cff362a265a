import { type Database, json, type Transaction } from '../db.ts'
import { insertLastSegment, type SegmentRow } from './commit-segment.ts'
import { endOnce, markDone } from './end-run.ts'
import type { Failure } from './fail.ts'
import { type Owned, taskRank } from './state.ts'
import { lockVideo, recordEvent } from './video-lock.ts'

/** `skipped`: the track cannot be made; what its run had committed goes. */
type TaskEnd = {
  lastSegment: SegmentRow | null
  result: unknown
  mp4?: { rung: string; key: string; bytes: number }
  skipped?: { track: string } & Failure
  /** A chunk whose rungs could not be compared with the source. */
  unmeasured?: { chunk: number } & Failure
}

/**
 * Transition 7: a video, audio, subtitle, mp4 or quality task is done, its last segment (null for none) in the same
 * transaction, so that a task taken again always has something to make. Whoever completes the last
 * one adds what comes next. Throws FencedError.
 */
export async function completeTask(sql: Database, owned: Owned, end: TaskEnd): Promise<void> {
  await endOnce(sql, owned, 'done', async (tx) => {
    await lockVideo(tx, owned.videoId)
    await markDone(tx, owned, end.result)
    if (end.lastSegment) await insertLastSegment(tx, owned, end.lastSegment)
    if (end.skipped) {
      await tx`delete from segments where task_id = ${owned.taskId}`
      await recordEvent(tx, owned.videoId, 'track_skipped', end.skipped)
    }
    if (end.unmeasured) await recordEvent(tx, owned.videoId, 'quality_skipped', end.unmeasured)
    if (end.mp4) {
      await tx`update resolutions set mp4_key = ${end.mp4.key}, mp4_size_bytes = ${end.mp4.bytes}
               where video_id = ${owned.videoId} and name = ${end.mp4.rung}`
    }
    if (await countDone(tx, owned.videoId)) await addNext(tx, owned.videoId)
  })
}

/** One more is done. False while tracks are left, for then nothing comes next: no need to look. Under LOCK. */
async function countDone(tx: Transaction, videoId: string): Promise<boolean> {
  const [video] = await tx<{ tracks_done: boolean }[]>`
    update videos v set tasks_done = tasks_done + 1, updated_at = now() where id = ${videoId}
    returning tasks_done >= tasks_total - (select count(*) from resolutions r where r.video_id = v.id)
              - ${qualityTasks(tx)} as tracks_done`
  return video?.tracks_done ?? false
}

/** How many quality tasks a planned video `v` has: one a chunk if figures were asked for. */
function qualityTasks(tx: Transaction) {
  return tx`case when (v.options ->> 'quality')::boolean then coalesce(jsonb_array_length(v.plan #> '{video,chunks}'), 0) else 0 end`
}

/**
 * NEXT: MP4s and quality tasks once every track is there, the finish once everything is. `tasks_total`
 * counts them from the start, so they and the finish cannot be added at once. Under LOCK.
 */
export async function addNext(tx: Transaction, videoId: string): Promise<void> {
  await tx`
    insert into tasks (video_id, kind, position, rank, input)
    select r.video_id, 'mp4', r.position, ${taskRank('mp4', 0)} + r.position, jsonb_build_object('rung', r.name)
    from resolutions r join videos v on v.id = r.video_id
    where r.video_id = ${videoId} and v.plan is not null and r.mp4_key is null
      and ${tracksDone(tx, videoId)}
    on conflict (video_id, kind, position) do nothing`
  await tx`
    insert into tasks (video_id, kind, position, rank)
    select v.id, 'quality', chunk, ${taskRank('quality', 0)} + chunk
    from videos v, generate_series(0, ${qualityTasks(tx)} - 1) chunk
    where v.id = ${videoId} and v.plan is not null and ${tracksDone(tx, videoId)}
    on conflict (video_id, kind, position) do nothing`
  await tx`
    insert into tasks (video_id, kind, rank, input)
    select id, 'finish', ${taskRank('finish', 0)}, ${json(tx, {})} from videos
    where id = ${videoId} and plan is not null and tasks_done = tasks_total`
}

function tracksDone(tx: Transaction, videoId: string) {
  return tx`not exists (select from tasks t where t.video_id = ${videoId}
                        and t.kind in ('video', 'audio', 'subtitle') and t.state <> 'done')`
}
