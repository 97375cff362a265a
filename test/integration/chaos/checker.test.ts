import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createStream } from '../../../src/queue/stream.ts'
import { checkSystem } from '../../chaos/support/checker.ts'
import type { Acknowledged, CheckedSystem, Finding } from '../../chaos/support/finding.ts'
import { clip } from '../../support/fixtures.ts'
import { submitFile, untilEnded } from '../../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../../support/system.ts'

let system: TestSystem
let videoId: string
let acknowledged: Acknowledged[]
/** The key of a segment of the video. */
let segmentKey: string

beforeAll(async () => {
  system = await createTestSystem({ slots: 2, environment: { REAP_MS: '1000', COLLECT_MS: '600000' } })
  const film = await clip({ seconds: 3, width: 320, height: 180 })
  videoId = (await submitFile(system, film)).id
  acknowledged = [{ videoId, expected: 'completed', frames: 90 }]
  expect((await untilEnded(system, videoId)).status).toBe('completed')
  expect(await check({ patienceMs: 10_000 })).toEqual([])
  const [row] = await system.sql<{ key: string }[]>`
    select segments -> 0 ->> 'key' as key from resolutions where video_id = ${videoId}`
  segmentKey = row?.key ?? ''
}, 60_000)
afterAll(() => system.dispose())

async function check(
  options: { system?: Partial<CheckedSystem>; expected?: Acknowledged[]; patienceMs?: number } = {},
): Promise<Finding[]> {
  const { sql, storage, redis, names, config } = system
  const checked = { sql, storage, redis, names, config, workers: system.workers(), ...options.system }
  return checkSystem(checked, options.expected ?? acknowledged, { patienceMs: options.patienceMs ?? 0 })
}

/** The facts found while something is broken; afterwards all is well again. */
async function factsWhile(
  damage: () => Promise<unknown>,
  mend: () => Promise<unknown>,
  system?: Partial<CheckedSystem>,
): Promise<string[]> {
  await damage()
  try {
    const found = await check(system ? { system } : {})
    return [...new Set(found.map((finding) => finding.fact))]
  } finally {
    await mend()
    expect(await check()).toEqual([])
  }
}

test('a submission without a row is lost', async () => {
  const nobody = { videoId: randomUUID(), expected: 'completed' as const }
  expect(await check({ expected: [...acknowledged, nobody] })).toMatchObject([
    { video: nobody.videoId, fact: 'video_lost' },
  ])
})

test('an end that was not expected is found, and a film of another length', async () => {
  expect(await check({ expected: [{ videoId, expected: ['failed', 'cancelled'] }] })).toMatchObject([
    { video: videoId, fact: 'wrong_status', detail: 'it is completed, not failed or cancelled' },
  ])
  const longer = await check({ expected: [{ videoId, expected: 'completed', frames: 91 }] })
  expect(new Set(longer.map((finding) => finding.fact))).toEqual(new Set(['frames_wrong']))
})

test('a task left in the queue is found', async () => {
  const { sql } = system
  const facts = await factsWhile(
    () =>
      sql`update tasks set state = 'queued', run_at = now() + interval '1 h' where video_id = ${videoId} and kind = 'mp4'`,
    () => sql`update tasks set state = 'done' where video_id = ${videoId} and kind = 'mp4'`,
  )
  expect(facts).toEqual(['task_left'])
})

test.for<[fact: string, damage: string, mend: string]>([
  [
    'counters_wrong',
    'update videos set tasks_done = tasks_done + 1 where id = $1',
    'update videos set tasks_done = tasks_total where id = $1',
  ],
  [
    'events_wrong',
    'update events set seq = 9 where video_id = $1 and seq = 2',
    'update events set seq = 2 where video_id = $1 and seq = 9',
  ],
  [
    'ended_twice',
    `with e as (insert into events select id, event_seq + 1, 'cancelled' from videos where id = $1)
     update videos set event_seq = event_seq + 1 where id = $1`,
    `with e as (delete from events where video_id = $1 and kind = 'cancelled')
     update videos set event_seq = event_seq - 1 where id = $1`,
  ],
  [
    'ended_twice',
    `update events set kind = 'planned' where video_id = $1 and kind = 'completed'`,
    `update events set kind = 'completed' where video_id = $1 and seq = (select event_seq from videos where id = $1)`,
  ],
  [
    'runs_wrong',
    `update task_runs set outcome = null where task_id = (select id from tasks where video_id = $1 and kind = 'plan')`,
    `update task_runs set outcome = 'done' where task_id = (select id from tasks where video_id = $1 and kind = 'plan')`,
  ],
  [
    'done_twice',
    `insert into task_runs (task_id, fence, worker_id, outcome) select id, 0, 'w', 'done' from tasks
     where video_id = $1 and kind = 'audio'`,
    'delete from task_runs where fence = 0 and task_id in (select id from tasks where video_id = $1)',
  ],
  [
    'attempts_wrong',
    `update tasks set attempt = 1 where video_id = $1 and kind = 'video'`,
    'update tasks set attempt = 0 where video_id = $1',
  ],
  [
    'attempts_wrong',
    `insert into task_runs (task_id, fence, worker_id, outcome) select id, 0, 'w', 'retried' from tasks
     where video_id = $1 and kind = 'audio'`,
    'delete from task_runs where fence = 0 and task_id in (select id from tasks where video_id = $1)',
  ],
  [
    'crashes_wrong',
    `insert into task_runs (task_id, fence, worker_id, outcome) select id, 0, 'w', 'lost' from tasks
     where video_id = $1 and kind = 'finish'`,
    'delete from task_runs where fence = 0 and task_id in (select id from tasks where video_id = $1)',
  ],
  [
    'track_unready',
    `update resolutions set state = 'planned' where video_id = $1`,
    `update resolutions set state = 'ready' where video_id = $1`,
  ],
  [
    'playlist_wrong',
    `update resolutions set segments = jsonb_set(segments, '{0,duration}', to_jsonb((segments #>> '{0,duration}')::int + 1000))
     where video_id = $1`,
    `update resolutions set segments = jsonb_set(segments, '{0,duration}', to_jsonb((segments #>> '{0,duration}')::int - 1000))
     where video_id = $1`,
  ],
  [
    'frames_wrong',
    'update resolutions set frames = 89 where video_id = $1',
    'update resolutions set frames = 90 where video_id = $1',
  ],
])('%s is found by the rows', async ([fact, damage, mend]) => {
  const run = (statement: string) => system.sql.unsafe(statement, [videoId])
  expect(
    await factsWhile(
      () => run(damage),
      () => run(mend),
    ),
  ).toEqual([fact])
})

test('a film that decodes to fewer frames than all rows say is found', async () => {
  const run = (frames: number) =>
    system.sql`update resolutions set frames = ${frames} where video_id = ${videoId}`
  await run(89)
  const found = await check({ expected: [{ videoId, expected: 'completed' }] })
  await run(90)
  expect(found.length).toBeGreaterThan(1)
  for (const each of found) {
    expect(each).toMatchObject({ fact: 'frames_wrong', detail: expect.stringContaining('90 of 89 decode') })
  }
})

test('an object that is gone, altered or named by nobody is found', async () => {
  const { storage } = system
  const bytes = await buffer(storage.read(segmentKey, AbortSignal.timeout(5_000)))
  const put = (key: string, body: Buffer) =>
    storage.put(key, body, { contentType: 'video/mp4', signal: AbortSignal.timeout(5_000) })
  const mend = () => put(segmentKey, bytes)
  expect(await factsWhile(() => storage.remove([segmentKey]), mend)).toEqual(['object_missing'])
  expect(await factsWhile(() => put(segmentKey, bytes.subarray(1)), mend)).toEqual(['object_altered'])
  const altered = Buffer.from(bytes)
  altered.writeUInt8(altered.readUInt8(999) ^ 1, 999)
  expect(await factsWhile(() => put(segmentKey, altered), mend)).toEqual(['object_altered'])
  const stray = `processed/${videoId}/t1/f1/360p-00000-0123456789abcdef.m4s`
  const facts = await factsWhile(
    () => put(stray, bytes),
    () => storage.remove([stray]),
  )
  expect(facts).toEqual(['object_unnamed'])
})

test('what collection is going to remove is removed and not found', async () => {
  const { storage, sql } = system
  const stray = `processed/${videoId}/t1/f1/late-0123456789abcdef.m4s`
  await storage.put(stray, Buffer.from('late'), {
    contentType: 'video/mp4',
    signal: AbortSignal.timeout(5_000),
  })
  await sql`insert into collections (prefix, due_at, passes) values (${`processed/${videoId}/`}, now() + interval '1 h', 1)`
  expect(await check()).toEqual([])
  expect(await storage.head(stray)).toBeNull()
})

test('an entry that a living worker holds, or that nobody holds, is found; the janitor has those of the dead', async () => {
  const { redis, names, sql } = system
  const [task] = await sql`select id from tasks where video_id = ${videoId} limit 1`
  // In one transaction, before the worker that waits for it gets to see it.
  const deliver = (consumer: string, ...more: 'NOACK'[]) =>
    redis
      .multi()
      .xadd(names.stream, '*', 'task', String(task?.id))
      .call('XREADGROUP', 'GROUP', names.group, consumer, ...more, 'STREAMS', names.stream, '>')
      .exec()
  const clear = async () => {
    const ids = (await redis.xrange(names.stream, '-', '+')).map(([id]) => id)
    await createStream(redis, names).settle(ids)
  }
  expect(await factsWhile(() => deliver('worker-1'), clear)).toEqual(['entry_pending'])
  expect(await factsWhile(() => deliver('anybody', 'NOACK'), clear)).toEqual(['entry_left'])
  await deliver('a worker that is gone')
  expect(await check()).toEqual([])
})

test('an encoder that outlived its worker, or its run, is found by where it works', async () => {
  const folder = join(system.config.SCRATCH_DIR, 'somebody-1')
  mkdirSync(folder)
  const encoder = spawn('sleep', ['60'], { cwd: folder })
  const gone = once(encoder, 'exit')
  const orphaned = await check()
  const workers = [...system.workers(), { name: 'the test', pid: process.pid }]
  const left = await check({ system: { workers } })
  encoder.kill('SIGKILL')
  await gone
  rmSync(folder, { recursive: true })
  expect(orphaned).toMatchObject([{ fact: 'process_orphaned' }])
  expect(left).toMatchObject([{ fact: 'process_left' }])
  expect(await check()).toEqual([])
})

test('scratch of a run that is over is found, and that of a worker which has started anew', async () => {
  const [worker] = system.workers()
  const folders = [`worker-1-${worker?.pid}-1/7-3`, 'worker-1-999999999-1', 'worker-2-999999999-1']
  const paths = folders.map((folder) => join(system.config.SCRATCH_DIR, folder))
  for (const path of paths) mkdirSync(path, { recursive: true })
  const found = await check()
  for (const path of paths) rmSync(path, { recursive: true })
  expect(found.map(({ fact, detail }) => [fact, detail.split(' ')[0]])).toEqual([
    ['scratch_left', paths[0]],
    ['scratch_left', paths[1]],
  ])
})

test('an upload in parts that stays open is found', async () => {
  const { storage } = system
  const uploadId = await storage.client.initiateNewMultipartUpload(storage.bucket, segmentKey, {})
  const facts = await factsWhile(
    () => Promise.resolve(),
    () => storage.abortUpload({ key: segmentKey, uploadId }),
    { storage: { ...storage, abortUpload: () => Promise.resolve() } },
  )
  expect(facts).toEqual(['upload_open'])
})
