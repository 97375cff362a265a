import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { claimFetch } from '../../../src/jobs/claim-fetch.ts'
import { completeFetch } from '../../../src/jobs/complete-fetch.ts'
import { completeFinish, type Finished } from '../../../src/jobs/complete-finish.ts'
import { completePlan } from '../../../src/jobs/complete-plan.ts'
import { completeTask } from '../../../src/jobs/complete-task.ts'
import { fetchedKey } from '../../../src/jobs/object-keys.ts'
import { storeFindings } from '../../../src/jobs/store-findings.ts'
import {
  aPlan,
  aSegment,
  claim,
  commit,
  complete,
  completeAll,
  eventKinds,
  finishing,
  type JobsUnderTest,
  leaseMs,
  planned,
  readState,
  readTask,
  readTasks,
  someMedia,
  startJobs,
  submit,
} from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

const fenced = { code: 'fenced' }
const names = (tasks: { kind: string; position: number }[]) =>
  tasks.map((task) => `${task.kind} ${task.position}`)
const nothing: Finished = {
  renditions: [],
  tracks: [],
  outputs: { hls_master_key: 'm', dash_manifest_key: 'd' },
  findings: [],
}

describe('a fetch that is done', () => {
  test('gives the video its source, forgets the URL and queues the plan, once', async () => {
    const { videoId, taskId } = await submit(jobs.sql, { url: 'http://example.org/?key=secret' })
    const task = await claimFetch(jobs.sql, { workerId: 'courier', leaseMs })
    if (!task) throw new Error('nothing to fetch')
    const source = { key: fetchedKey(task), etag: 'e', bytes: 5, sha256: '0' }
    await completeFetch(jobs.sql, task, source)
    await completeFetch(jobs.sql, task, source)
    expect(await readState(jobs.sql, videoId)).toMatchObject({ source_key: source.key, source_etag: 'e' })
    expect(await readTask(jobs.sql, taskId)).toMatchObject({ state: 'done', input: {} })
    expect(names(await readTasks(jobs.sql, videoId))).toEqual(['fetch 0', 'plan 0'])
    expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted', 'fetched'])
  })

  test('of an old fence is refused and leaves no source behind', async () => {
    await submit(jobs.sql, { url: 'http://example.org/' })
    const task = await claimFetch(jobs.sql, { workerId: 'courier', leaseMs })
    if (!task) throw new Error('nothing to fetch')
    const old = { ...task, fence: 0 }
    const source = { key: fetchedKey(task), etag: 'e', bytes: 5, sha256: '0' }
    await expect(completeFetch(jobs.sql, old, source)).rejects.toMatchObject(fenced)
    expect(await jobs.sql`select key from sources`).toEqual([])
  })
})

describe('a plan that is done', () => {
  test('makes the video processing, with its renditions and its tasks in the order they are to be made', async () => {
    const videoId = await planned(jobs.sql, { chunks: 3, rungs: 2, audio: 2 })
    expect(await readState(jobs.sql, videoId)).toMatchObject({
      status: 'processing',
      tasks_total: 7,
      tasks_done: 0,
    })
    expect(names(await readTasks(jobs.sql, videoId))).toEqual([
      'plan 0',
      'video 0',
      'audio 0',
      'audio 1',
      'video 1',
      'video 2',
    ])
    expect(await jobs.sql`select name from resolutions order by position`).toEqual([
      { name: '360p' },
      { name: '300p' },
    ])
    expect(await jobs.sql`select name, state from tracks order by position`).toEqual([
      { name: 'audio-0', state: 'planned' },
      { name: 'audio-1', state: 'planned' },
    ])
  })

  test('twice changes nothing the second time', async () => {
    const { videoId, taskId } = await submit(jobs.sql)
    const task = await claim(jobs.sql, taskId)
    await completePlan(jobs.sql, task, { media: someMedia, plan: aPlan({ chunks: 2 }) })
    await completePlan(jobs.sql, task, { media: someMedia, plan: aPlan({ chunks: 5 }) })
    expect(await readTasks(jobs.sql, videoId, 'video')).toHaveLength(2)
    expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted', 'planned'])
  })

  test('of an old fence is refused', async () => {
    const { videoId, taskId } = await submit(jobs.sql)
    const task = await claim(jobs.sql, taskId)
    const made = { media: someMedia, plan: aPlan() }
    await expect(completePlan(jobs.sql, { ...task, fence: 0 }, made)).rejects.toMatchObject(fenced)
    expect(await readState(jobs.sql, videoId)).toMatchObject({ status: 'queued', tasks_total: 0 })
  })
})

describe('a task that is done', () => {
  test('brings its last segment with it and counts once, also when it is said twice', async () => {
    const videoId = await planned(jobs.sql)
    const [chunk] = await readTasks(jobs.sql, videoId, 'video')
    const task = await claim(jobs.sql, chunk?.id ?? 0)
    await commit(jobs.sql, task, 0)
    const end = { lastSegment: aSegment(task, 1), result: { frames: 240 } }
    await completeTask(jobs.sql, task, end)
    await completeTask(jobs.sql, task, end)
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({
      state: 'done',
      result: { frames: 240 },
      worker_id: null,
      lease_until: null,
    })
    expect((await readState(jobs.sql, videoId)).tasks_done).toBe(1)
    expect(await jobs.sql`select idx from segments order by idx`).toEqual([{ idx: 0 }, { idx: 1 }])
  })

  test('of an old fence is refused, with its last segment', async () => {
    const videoId = await planned(jobs.sql)
    const [chunk] = await readTasks(jobs.sql, videoId, 'video')
    const task = await claim(jobs.sql, chunk?.id ?? 0)
    await expect(complete(jobs.sql, { ...task, fence: 0 })).rejects.toMatchObject(fenced)
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'running' })
    expect((await readState(jobs.sql, videoId)).tasks_done).toBe(0)
    expect(await jobs.sql`select from segments`).toHaveLength(0)
  })

  test('by being skipped counts, without the segments its run had committed', async () => {
    const videoId = await planned(jobs.sql)
    const [track] = await readTasks(jobs.sql, videoId, 'audio')
    const task = await claim(jobs.sql, track?.id ?? 0)
    await commit(jobs.sql, task, 0)
    const skipped = { track: 'audio-0', code: 'undecodable_audio', message: 'it cannot be decoded' }
    await completeTask(jobs.sql, task, { lastSegment: null, result: { skipped }, skipped })
    expect((await readState(jobs.sql, videoId)).tasks_done).toBe(1)
    expect(await jobs.sql`select from segments`).toHaveLength(0)
    expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted', 'planned', 'track_skipped'])
  })

  test('as the last of the tracks adds one MP4 a rung, and as the last MP4 adds the finish', async () => {
    const videoId = await planned(jobs.sql)
    await completeAll(jobs.sql, videoId, 'video')
    expect(await readTasks(jobs.sql, videoId, 'mp4')).toEqual([])
    await completeAll(jobs.sql, videoId, 'audio')
    const mp4s = await readTasks(jobs.sql, videoId, 'mp4')
    expect(mp4s.map((task) => task.input)).toEqual([{ rung: '360p' }, { rung: '300p' }])
    expect(await readTasks(jobs.sql, videoId, 'finish')).toEqual([])
    await completeAll(jobs.sql, videoId, 'mp4')
    expect(names(await readTasks(jobs.sql, videoId, 'finish'))).toEqual(['finish 0'])
    expect(await readState(jobs.sql, videoId)).toMatchObject({ tasks_total: 5, tasks_done: 5 })
  })

  test('adds one quality task a chunk together with the MP4s, where figures were asked for', async () => {
    const videoId = await planned(jobs.sql, { chunks: 3, rungs: 2, audio: 1, quality: true })
    expect(await readState(jobs.sql, videoId)).toMatchObject({ tasks_total: 9 })
    await completeAll(jobs.sql, videoId, 'video')
    expect(await readTasks(jobs.sql, videoId, 'quality')).toEqual([])
    await completeAll(jobs.sql, videoId, 'audio')
    expect(await readTasks(jobs.sql, videoId, 'mp4')).toHaveLength(2)
    expect(names(await readTasks(jobs.sql, videoId, 'quality'))).toEqual([
      'quality 0',
      'quality 1',
      'quality 2',
    ])
    await completeAll(jobs.sql, videoId, 'mp4')
    expect(await readTasks(jobs.sql, videoId, 'finish')).toEqual([])
    await completeAll(jobs.sql, videoId, 'quality')
    expect(await readTasks(jobs.sql, videoId, 'finish')).toHaveLength(1)
    expect(await readState(jobs.sql, videoId)).toMatchObject({ tasks_done: 9 })
  })

  test('without figures counts like any other, and the timeline says why there are none', async () => {
    const videoId = await planned(jobs.sql, { chunks: 1, rungs: 1, audio: 0, quality: true })
    for (const kind of ['video', 'mp4'] as const) await completeAll(jobs.sql, videoId, kind)
    const [measuring] = await readTasks(jobs.sql, videoId, 'quality')
    const skipped = { code: 'ffmpeg_failed', message: 'it failed' }
    const end = { lastSegment: null, result: { skipped }, unmeasured: { chunk: 0, ...skipped } }
    await completeTask(jobs.sql, await claim(jobs.sql, measuring?.id ?? 0), end)
    expect(await readTasks(jobs.sql, videoId, 'finish')).toHaveLength(1)
    expect(await eventKinds(jobs.sql, videoId)).toEqual(['submitted', 'planned', 'quality_skipped'])
  })
})

test('tracks of text are tasks and rows of their own, and the MP4s wait for them', async () => {
  const videoId = await planned(jobs.sql, { subtitles: 2 })
  expect((await readState(jobs.sql, videoId)).tasks_total).toBe(7)
  expect(
    await jobs.sql`select kind, name, state from tracks where kind = 'subtitle' order by position`,
  ).toEqual([
    { kind: 'subtitle', name: 'subtitle-0', state: 'planned' },
    { kind: 'subtitle', name: 'subtitle-1', state: 'planned' },
  ])
  await completeAll(jobs.sql, videoId, 'video')
  await completeAll(jobs.sql, videoId, 'audio')
  expect(await readTasks(jobs.sql, videoId, 'mp4')).toEqual([])
  await completeAll(jobs.sql, videoId, 'subtitle')
  expect(await readTasks(jobs.sql, videoId, 'mp4')).toHaveLength(2)
})

describe('a finish', () => {
  const keyed = (key: string) => ({ key, bytes: 1, sha256: 'c', codec: 'avc1.64001f', timescale: 15_360 })
  const track = (name: string) => ({
    name,
    codec: 'avc1.64001f',
    averageBps: 1,
    peakBps: 2,
    bytes: 3,
    frames: 4,
    durationS: 5,
    init: keyed(`${name}/init`),
    segments: [{ key: `${name}/0`, bytes: 2, sha256: 'd', duration: 6 }],
    playlistKey: `${name}/playlist`,
    iframes: { playlistKey: `${name}/iframes`, averageBps: 1, peakBps: 2 },
  })

  test('completes the video, moves the segments into its renditions and drops what was not made', async () => {
    const task = await finishing(jobs.sql)
    const finished = { ...nothing, renditions: [track('360p'), track('300p')] }
    await completeFinish(jobs.sql, task, finished)
    await completeFinish(jobs.sql, task, finished)
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({
      status: 'completed',
      completed_at: expect.any(Date),
    })
    expect(
      await jobs.sql`select name, state, playlist_key, iframe_playlist_key, segments from resolutions order by position`,
    ).toEqual(
      ['360p', '300p'].map((name) => ({
        name,
        state: 'ready',
        playlist_key: `${name}/playlist`,
        iframe_playlist_key: `${name}/iframes`,
        segments: track(name).segments,
      })),
    )
    expect(await jobs.sql`select state from tracks`).toEqual([{ state: 'skipped' }])
    expect(await jobs.sql`select from segments`).toHaveLength(0)
    expect(await eventKinds(jobs.sql, task.videoId)).toEqual(['submitted', 'planned', 'completed'])
  })

  test('stores what its checks found, again and again, and what it knows of a damaged source', async () => {
    const task = await finishing(jobs.sql)
    const found = { check: 'times', passed: false, detail: 'a gap', code: 'chunks_do_not_join' }
    await storeFindings(jobs.sql, task, [found])
    await storeFindings(jobs.sql, task, [found])
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ status: 'processing', findings: [found] })
    await expect(storeFindings(jobs.sql, { ...task, fence: 0 }, [])).rejects.toMatchObject(fenced)
    const damage = { code: 'truncated_input', message: 'it ends early' }
    await completeFinish(jobs.sql, task, { ...nothing, damage })
    await expect(storeFindings(jobs.sql, task, [found])).rejects.toMatchObject(fenced)
    expect(await readState(jobs.sql, task.videoId)).toMatchObject({ status: 'completed', findings: [] })
    expect(await eventKinds(jobs.sql, task.videoId)).toEqual([
      ...['submitted', 'planned', 'source_damaged', 'completed'],
    ])
  })

  test('of an old fence, or of a video that is not processing, changes nothing', async () => {
    const task = await finishing(jobs.sql)
    await expect(completeFinish(jobs.sql, { ...task, fence: 0 }, nothing)).rejects.toMatchObject(fenced)
    await jobs.sql`update videos set status = 'failed' where id = ${task.videoId}`
    await expect(completeFinish(jobs.sql, task, nothing)).rejects.toMatchObject(fenced)
    expect(await readTask(jobs.sql, task.taskId)).toMatchObject({ state: 'running' })
    expect((await jobs.sql`select from segments`).length).toBeGreaterThan(0)
  })
})
