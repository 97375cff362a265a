import { randomUUIDv7 } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createProgress,
  type Progress,
  type ProgressSeed,
  type TaskReport,
} from '../../../src/progress/report.ts'
import { type ProgressSnapshot, progressSnapshotSchema } from '../../../src/progress/snapshot.ts'
import { type JobsUnderTest, startJobs } from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
let progress: Progress
let video: string
beforeAll(async () => {
  jobs = await startJobs()
  progress = createProgress(jobs.redis, jobs.names)
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(async () => {
  await jobs.reset()
  video = randomUUIDv7()
})

/** Two chunks, tasks 11 and 12, of 50 frames each, and one MP4. */
function aSeed(fields: Partial<ProgressSeed> = {}): ProgressSeed {
  return {
    generation: 1,
    status: 'processing',
    stage: 'encoding',
    total: 100,
    units_per_s: 25,
    frames_shown: true,
    chunks_total: 2,
    chunks_done: 0,
    pack_total: 1,
    pack_done: 0,
    rungs: [{ name: '360p', segments: 0, bytes: 0 }],
    tasks: [11, 12].map((id) => ({ id, fence: 1, units: 0, state: 'idle' })),
    ...fields,
  }
}

const report = (fields: Partial<TaskReport> = {}) =>
  progress.task(video, { task: 11, fence: 2, units: 0, state: 'running', chunk: true, ...fields })

/** The snapshot that is kept, which has the published shape. */
async function kept(): Promise<ProgressSnapshot> {
  const text = await jobs.redis.hget(jobs.names.progressKey(video), 'json')
  return progressSnapshotSchema.strict().parse(JSON.parse(text ?? 'null'))
}

describe('a snapshot', () => {
  test('has its published shape at every stage of a life', async () => {
    const stages: string[] = []
    const look = async () => {
      const { status, stage } = await kept()
      stages.push(`${status} ${stage}`)
    }
    await progress.stage(video, 'queued', 'fetching', { bytes: 5, total_bytes: null })
    await look()
    await progress.stage(video, 'queued', 'planning')
    await look()
    await progress.seed(video, aSeed())
    await look()
    await report({ units: 10 })
    await report({ task: 31, pack: true, chunk: false, stage: 'packaging' })
    await look()
    await progress.stage(video, 'processing', 'finishing')
    await look()
    await progress.ended(video, { status: 'completed' })
    await look()
    expect(stages).toEqual([
      'queued fetching',
      'queued planning',
      'processing encoding',
      'processing packaging',
      'processing finishing',
      'completed done',
    ])
  })

  test('has its shape without rungs, without a total and with an error', async () => {
    await progress.seed(video, aSeed({ rungs: [], total: null, frames_shown: false }))
    await report({ units: 10 })
    expect(await kept()).toMatchObject({ resolutions: [], frames: 0, total_frames: null, percent: 0 })
    await progress.ended(video, {
      status: 'failed',
      error: { code: 'no_video', message: 'a "quoted" reason' },
    })
    expect((await kept()).error).toEqual({ code: 'no_video', message: 'a "quoted" reason' })
  })

  test('is published to the channel of its video and to that of all, as it is kept', async () => {
    const messages: [string, string][] = []
    const subscriber = jobs.redis.duplicate()
    const arrived = new Promise<void>((resolve) => {
      subscriber.on('message', (channel, text) => {
        messages.push([channel, text])
        if (messages.length === 2) resolve()
      })
    })
    await subscriber.subscribe(jobs.names.progressChannel(video), jobs.names.progressAllChannel)
    await progress.seed(video, aSeed())
    await arrived
    subscriber.disconnect()
    const text = await jobs.redis.hget(jobs.names.progressKey(video), 'json')
    expect(messages).toEqual([
      [jobs.names.progressChannel(video), text],
      [jobs.names.progressAllChannel, text],
    ])
    expect(await jobs.redis.ttl(jobs.names.progressKey(video))).toBeGreaterThan(86_000)
  })

  test('grows in number with every change, also when Redis lost the last one', async () => {
    const numbers: number[] = []
    await progress.seed(video, aSeed())
    for (let units = 1; units <= 5; units++) {
      await report({ units })
      numbers.push((await kept()).seq)
    }
    await jobs.redis.del(jobs.names.progressKey(video))
    await new Promise((resolve) => setTimeout(resolve, 10))
    await progress.seed(video, aSeed())
    numbers.push((await kept()).seq)
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  })
})

describe('percent', () => {
  test('is 95 of 100 for the frames, 4 for the MP4s and 100 at the end', async () => {
    await progress.seed(video, aSeed({ pack_total: 2 }))
    await report({ units: 50, state: 'done' })
    expect((await kept()).percent).toBe(47.5)
    await report({ task: 12, units: 50, state: 'done' })
    expect((await kept()).percent).toBe(95)
    await report({ task: 31, chunk: false, pack: true, stage: 'packaging', state: 'done' })
    expect((await kept()).percent).toBe(97)
    await progress.ended(video, { status: 'completed' })
    expect((await kept()).percent).toBe(100)
  })

  test('does not go backwards when a run resumes behind where a lost one was', async () => {
    await progress.seed(video, aSeed())
    await report({ units: 40 })
    await report({ fence: 4, units: 10 })
    expect(await kept()).toMatchObject({ percent: 38, frames: 10 })
    await report({ fence: 4, units: 48 })
    expect(await kept()).toMatchObject({ percent: 45.6, frames: 48 })
  })

  test('does not go backwards when the video is planned again', async () => {
    await progress.seed(video, aSeed())
    await report({ units: 50 })
    await progress.seed(
      video,
      aSeed({ generation: 2, tasks: [{ id: 21, fence: 0, units: 0, state: 'idle' }] }),
    )
    expect(await kept()).toMatchObject({ percent: 47.5, frames: 0 })
  })

  test('stays below 95 although there are more frames than promised', async () => {
    await progress.seed(video, aSeed())
    await report({ units: 500 })
    expect((await kept()).percent).toBe(95)
  })
})

describe('a report', () => {
  test('of an older fence, of fewer frames or of a task of an earlier plan changes nothing', async () => {
    await progress.seed(video, aSeed())
    await report({ fence: 3, units: 20 })
    const before = await kept()
    expect(await report({ fence: 2, units: 45, state: 'done' })).toBe('old')
    expect(await report({ task: 99, units: 45 })).toBe('old')
    expect(await kept()).toEqual(before)
    await report({ fence: 3, units: 15 })
    expect(await kept()).toMatchObject({ frames: 20 })
  })

  test('of segments counts them and their bytes by rung', async () => {
    await progress.seed(
      video,
      aSeed({ rungs: ['360p', '240p'].map((name) => ({ name, segments: 1, bytes: 10 })) }),
    )
    await report({ units: 20, added: { '360p': 100, '240p': 50 } })
    expect((await kept()).resolutions).toEqual([
      { name: '360p', segments: 2, bytes: 110 },
      { name: '240p', segments: 2, bytes: 60 },
    ])
  })

  test('that a task is done, made twice, counts once', async () => {
    await progress.seed(video, aSeed())
    const end = { units: 50, state: 'done', added: { '360p': 100 } } as const
    await report({ units: 20 })
    await report(end)
    expect(await report(end)).toBe('old')
    expect(await report({ units: 50 })).toBe('old')
    expect(await kept()).toMatchObject({
      chunks: { done: 1, running: 0, total: 2 },
      resolutions: [{ segments: 1, bytes: 100 }],
    })
  })

  test('counts the chunks that run, each once, also when another worker has taken one over', async () => {
    await progress.seed(video, aSeed())
    await report()
    await report({ task: 12 })
    expect((await kept()).chunks.running).toBe(2)
    await report({ fence: 4 })
    expect((await kept()).chunks.running).toBe(2)
    await report({ fence: 4, state: 'idle' })
    await report({ task: 12, state: 'done' })
    expect((await kept()).chunks).toEqual({ done: 1, running: 0, total: 2 })
  })

  test('measures the speed of all workers together once a second has passed', async () => {
    await progress.seed(video, aSeed())
    await report({ units: 5 })
    const key = jobs.names.progressKey(video)
    await jobs.redis.hincrby(key, 'rate_at', -2_000)
    await jobs.redis.hset(key, 'rate_units', 0)
    await report({ task: 12, units: 45 })
    const { fps, speed, eta_s } = await kept()
    expect(fps).toBeGreaterThan(20)
    expect(fps).toBeLessThanOrEqual(25)
    expect(speed).toBeCloseTo((fps ?? 0) / 25, 1)
    expect(Math.abs((eta_s ?? 0) - (50 / (fps ?? 1) + 1))).toBeLessThan(1.1)
  })
})

describe('without its totals', () => {
  test('a report is cold, and after a seed it counts', async () => {
    expect(await report({ units: 10 })).toBe('cold')
    expect(await jobs.redis.exists(jobs.names.progressKey(video))).toBe(0)
    await progress.seed(video, aSeed({ tasks: [{ id: 11, fence: 2, units: 5, state: 'idle' }] }))
    expect(await report({ units: 10 })).toBe('ok')
    expect(await kept()).toMatchObject({ frames: 10, chunks: { running: 1 } })
  })

  test('a report that a task is done counts once, although the seed knew it', async () => {
    const packed = { task: 31, pack: true, chunk: false, state: 'done' } as const
    const tasks = [11, 31].map((id) => ({ id, fence: 2, units: 0, state: 'done' as const }))
    await progress.seed(
      video,
      aSeed({ stage: 'packaging', pack_total: 2, pack_done: 1, chunks_done: 1, tasks }),
    )
    await report({ state: 'done' })
    await report(packed)
    expect(await kept()).toMatchObject({ percent: 97, chunks: { done: 1 } })
  })

  test('of two who seed the second does not undo what was reported in between', async () => {
    await progress.seed(video, aSeed())
    await report({ units: 50, state: 'done' })
    expect(await progress.seed(video, aSeed())).toBe('old')
    expect(await kept()).toMatchObject({ frames: 50, chunks: { done: 1 } })
  })
})

describe('the end', () => {
  test('is not taken back by a run that has not noticed yet', async () => {
    await progress.seed(video, aSeed())
    await report({ units: 10 })
    await progress.ended(video, { status: 'cancelled' })
    const before = await kept()
    expect(before).toMatchObject({ status: 'cancelled', stage: 'done', chunks: { running: 0 } })
    expect(await report({ units: 20 })).toBe('cold')
    expect(await progress.stage(video, 'processing', 'finishing')).toBe('old')
    expect(await kept()).toEqual(before)
  })

  test('is followed by a new life after a retry, from the beginning but with later numbers', async () => {
    await progress.seed(video, aSeed())
    await report({ units: 50, state: 'done', added: { '360p': 100 } })
    await progress.ended(video, { status: 'failed', error: { code: 'c', message: 'm' } })
    const { seq } = await kept()
    await progress.restarted(video)
    const restarted = await kept()
    expect(restarted).toMatchObject({
      status: 'queued',
      stage: 'queued',
      percent: 0,
      frames: 0,
      resolutions: [],
    })
    expect(restarted.error).toBeUndefined()
    expect(restarted.seq).toBeGreaterThan(seq)
    expect(await report({ fence: 5 })).toBe('cold')
    expect(await progress.seed(video, aSeed())).toBe('ok')
    expect(await kept()).toMatchObject({ status: 'processing', percent: 0 })
  })

  test('is followed by a new life also when the word of the retry was lost', async () => {
    await progress.seed(video, aSeed())
    await progress.ended(video, { status: 'failed', error: { code: 'c', message: 'm' } })
    expect(await report({ fence: 5 })).toBe('cold')
    await progress.seed(video, aSeed())
    expect(await report({ fence: 5, units: 10 })).toBe('ok')
    const snapshot = await kept()
    expect(snapshot).toMatchObject({ status: 'processing', stage: 'encoding', frames: 10 })
    expect(snapshot.error).toBeUndefined()
  })

  test('of a deleted video leaves nothing behind', async () => {
    await progress.seed(video, aSeed())
    await progress.removed(video)
    expect(await jobs.redis.exists(jobs.names.progressKey(video))).toBe(0)
  })
})

test('without Redis a report fails quietly', async () => {
  const away = jobs.redis.duplicate({ lazyConnect: true, enableOfflineQueue: false })
  const lost = createProgress(away, jobs.names)
  expect(await lost.seed(video, aSeed())).toBe('failed')
  await lost.removed(video)
  away.disconnect()
})
