import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { clip, longClip } from '../support/fixtures.ts'
import { submitFile, untilEnded, watchJob } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

/** The production lease would make these tests wait; the protocol is the same. */
const quick = { LEASE_MS: '4000', BEAT_MS: '1000', REAP_MS: '1000', DISPATCH_MS: '300' }

type Run = {
  task: number
  kind: string
  position: number
  worker: string
  first_idx: number
  outcome: string | null
  fence: number
}

test('two workers share a three-minute video, and it completes although one is killed midway', async () => {
  const { system, id } = await startShared(await longClip())
  const killed = await untilSegmentOf(system, id, 'worker-2')
  await system.killWorker('worker-2', 'SIGKILL')
  const encoded = await framesReported(system, id, killed.task)
  const video = await untilEnded(system, id)

  expect(video).toMatchObject({ status: 'completed' })
  expect(video.resolutions.map(({ frames }) => frames)).toEqual(Array(video.resolutions.length).fill(5400))
  expect(await picturesOf(system, id)).toBe(90)
  const runs = await runsOf(system, id)
  const makers = (worker: string) =>
    runs.filter((run) => run.kind === 'video' && run.worker === worker && run.outcome === 'done')
  expect(makers('worker-1').length).toBeGreaterThan(0)

  const [lost, ...others] = runs.filter((run) => run.outcome === 'lost' && run.kind === 'video')
  expect(others).toEqual([])
  expect(lost?.task).toBe(killed.task)
  // The chunk went on where its committed segments ended: less than one segment was encoded twice.
  const next = runs.find((run) => run.task === killed.task && run.fence > (lost?.fence ?? 0))
  expect(next?.first_idx).toBeGreaterThanOrEqual(killed.segments)
  const kept = lost?.position === 0 ? (next?.first_idx ?? 0) * 120 - 60 : (next?.first_idx ?? 0) * 120
  expect(encoded - kept).toBeLessThanOrEqual(120)
})

test.each([
  ['alone', false],
  ['with its ffmpeg, as a machine that shuts down asks all', true],
])(
  'a worker asked to stop %s gives its task back within a segment and spends no attempt',
  async (_how, all) => {
    const { system, id } = await startShared(await clip({ seconds: 60, width: 854, height: 480 }))
    const before = await untilSegmentOf(system, id, 'worker-2')
    const programs = await programsOf(system, 'worker-2')
    expect(programs).not.toEqual([])
    const stopped = system.killWorker('worker-2', 'SIGTERM')
    if (all) for (const pid of programs) process.kill(pid, 'SIGTERM')
    expect(await stopped).toBe('exit code 0')
    const released = (await runsOf(system, id)).filter((run) => run.outcome === 'released')
    expect(released.map(({ worker }) => worker)).toEqual(['worker-2'])
    const [after] = await system.sql<{ segments: number; attempt: number; crashes: number }[]>`
    select count(s.idx) as segments, t.attempt, t.crashes from tasks t left join segments s on s.task_id = t.id
    where t.video_id = ${id} and t.kind = 'video' and t.position = ${released[0]?.position ?? -1} group by t.id`
    expect(after).toMatchObject({ attempt: 0, crashes: 0 })
    expect((after?.segments ?? 0) - before.segments).toBeLessThanOrEqual(2)

    const video = await untilEnded(system, id)
    expect(video).toMatchObject({ status: 'completed' })
    const [tasks] = await system.sql<{ attempts: number; crashes: number }[]>`
    select sum(attempt) as attempts, sum(crashes) as crashes from tasks where video_id = ${id}`
    expect(tasks).toMatchObject({ attempts: 0, crashes: 0 })
  },
)

test('a worker that was paused for longer than its lease ends its ffmpeg and writes nothing', async () => {
  const { system, id } = await startShared(await clip({ seconds: 60, width: 854, height: 480 }))
  await untilSegmentOf(system, id, 'worker-2')
  void system.killWorker('worker-2', 'SIGSTOP')
  const programs = await programsOf(system, 'worker-2')
  expect(programs).not.toEqual([])
  const lost = () => runsOf(system, id).then((runs) => runs.filter((run) => run.outcome === 'lost'))
  await expect.poll(lost, { interval: 100 }).toHaveLength(1)
  const [run] = await lost()
  const segmentsOf = (fence: number) => system.sql<{ objects: string }[]>`
    select objects::text as objects from segments where task_id = ${run?.task ?? 0} and objects::text like ${`%/f${fence}/%`}`
  const before = await segmentsOf(run?.fence ?? 0)

  // How soon is measured by the chaos runs.
  void system.killWorker('worker-2', 'SIGCONT')
  const running = async () => (await programsOf(system, 'worker-2')).filter((pid) => programs.includes(pid))
  await expect.poll(running, { interval: 20 }).toEqual([])
  expect(await segmentsOf(run?.fence ?? 0)).toEqual(before)
  await expect.poll(() => system.logs()).toContain('fenced: the task belongs to another run')
})

/** How many small pictures the storyboard has. */
async function picturesOf(system: TestSystem, id: string): Promise<number | undefined> {
  const [row] = await system.sql<{ pictures: number }[]>`
    select (outputs #>> '{storyboard,pictures}')::int as pictures from videos where id = ${id}`
  return row?.pictures
}

/** The ffmpegs of a worker, by the folder they work in. */
async function programsOf(system: TestSystem, worker: string): Promise<number[]> {
  const below = join(system.config.SCRATCH_DIR, `${worker}-`)
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const folders = await Promise.all(ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => '')))
  return ids.filter((_, index) => folders[index]?.startsWith(below)).map(Number)
}

async function startShared(film: string): Promise<{ system: TestSystem; id: string }> {
  const system = await createTestSystem({ workers: 2, environment: quick })
  onTestFinished(() => system.dispose())
  const { id } = await submitFile(system, film)
  await watchJob(system, id, ({ snapshot }) => snapshot.chunks.running === 2)
  return { system, id }
}

type RunningChunk = { task: number; position: number; segments: number }

/** Waits until a chunk that runs on this worker has committed a segment. */
async function untilSegmentOf(system: TestSystem, id: string, worker: string): Promise<RunningChunk> {
  let chunk: RunningChunk | undefined
  const look = async () => {
    ;[chunk] = await system.sql<RunningChunk[]>`
      select t.id as task, t.position, count(s.idx) as segments from tasks t left join segments s on s.task_id = t.id
      where t.video_id = ${id} and t.kind = 'video' and t.state = 'running' and t.worker_id like ${`${worker}-%`}
      group by t.id`
    return chunk?.segments ?? 0
  }
  await expect.poll(look, { timeout: 60_000, interval: 50 }).toBeGreaterThan(0)
  if (!chunk) throw new Error(`${worker} runs no chunk`)
  return chunk
}

/** Frames of a task that its last run had encoded when it last reported, half a second ago at most. */
async function framesReported(system: TestSystem, id: string, task: number): Promise<number> {
  const report = await system.redis.hget(system.names.progressKey(id), `t:${task}`)
  return Number(report?.split(':')[1])
}

function runsOf(system: TestSystem, id: string): Promise<Run[]> {
  return system.sql<Run[]>`
    select t.id as task, t.kind, t.position, r.fence, r.first_idx, r.outcome, substring(r.worker_id from '^worker-[0-9]+') as worker
    from task_runs r join tasks t on t.id = r.task_id where t.video_id = ${id} order by r.started_at`
}
