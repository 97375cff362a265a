import { beforeEach, expect, test } from 'vitest'
import type { ProgressRow } from '../../../src/progress/read-rows.ts'
import type { ProgressSnapshot } from '../../../src/progress/snapshot.ts'
import { createWatchedVideo, type WatchedVideo } from '../../../src/progress/watched-video.ts'

const id = '01a1fd8b-7757-71bc-923e-4f62b2894ab8'

function snapshot(fields: Partial<ProgressSnapshot> = {}): ProgressSnapshot {
  return {
    video_id: id,
    seq: 1_000,
    status: 'processing',
    percent: 10,
    stage: 'encoding',
    frames: 5,
    total_frames: 50,
    fps: 30,
    speed: 1,
    eta_s: 2,
    chunks: { done: 0, running: 1, total: 2 },
    resolutions: [],
    ...fields,
  }
}

function row(fields: Partial<ProgressRow> = {}): ProgressRow {
  return {
    id,
    status: 'processing',
    error_code: null,
    error_message: null,
    tasks_total: 4,
    tasks_done: 1,
    updated_at_ms: 500,
    total_frames: 50,
    frames: null,
    queue_position: null,
    resolutions: [],
    ...fields,
  }
}

let video: WatchedVideo
let looks: number
beforeEach(() => {
  video = createWatchedVideo(id)
  looks = 0
})

function hear(fields: Partial<ProgressSnapshot>) {
  const one = snapshot(fields)
  return video.hear(one, JSON.stringify(one))
}

function see(
  fields: Partial<ProgressRow> | null,
  how: { number?: number; heardBefore?: number; live?: boolean } = {},
) {
  const { number = ++looks, heardBefore = video.heard(), live = true } = how
  return video.see({ row: fields && row(fields), kept: null, live, number, heardBefore })
}

function shown(): ProgressSnapshot | null {
  const current = video.current()
  return current === null || current === 'deleted' ? null : current.snapshot
}

test('a look that a message overtook is left out, unless it says that the video is over', () => {
  see({})
  const heardBefore = video.heard()
  hear({ frames: 20 })
  expect(see({ status: 'queued', queue_position: 3 }, { heardBefore })).toBeNull()
  expect(shown()?.frames).toBe(20)
  expect(see({ status: 'failed' }, { heardBefore })).toMatchObject({ snapshot: { status: 'failed' } })
})

test('a look that began before another one is left out when it ends after it', () => {
  see({ status: 'completed' }, { number: 2 })
  expect(see({ status: 'processing' }, { number: 1 })).toBeNull()
  expect(shown()?.status).toBe('completed')
})

test('what is known already is not told twice, and what is new has a higher seq', () => {
  const first = see({})
  expect(see({})).toBeNull()
  const second = see({ tasks_done: 2 })
  expect(first).toMatchObject({ snapshot: { seq: 500 } })
  expect(second).toMatchObject({ snapshot: { seq: 501, percent: 49.5 } })
})

test('percent does not go backwards between row and messages, but may begin anew after the queue', () => {
  see({ tasks_done: 3 }, { live: false })
  expect(hear({ percent: 20, frames: 9 })).toMatchObject({ snapshot: { percent: 74.2, frames: 9 } })
  expect(JSON.parse((video.current() as { json: string }).json).percent).toBe(74.2)
  see({ status: 'queued' })
  expect(hear({ seq: 2_000, percent: 5 })).toMatchObject({ snapshot: { percent: 5 } })
})

test('without Redis the row may be ahead of the last message', () => {
  hear({ percent: 10 })
  expect(see({ tasks_done: 3 }, { live: true })).toBeNull()
  expect(see({ tasks_done: 3 }, { live: false })).toMatchObject({ snapshot: { percent: 74.2, frames: 5 } })
})

test('a message is passed on as it came, on one line', () => {
  const one = snapshot()
  const text = JSON.stringify(one)
  expect(video.hear(one, text)).toMatchObject({ json: text })
  const next = snapshot({ seq: 1_001 })
  expect(video.hear(next, JSON.stringify(next, null, 2))).toMatchObject({ json: JSON.stringify(next) })
})

test('a row that is gone is told once', () => {
  see({})
  expect(see(null)).toBe('deleted')
  expect(see(null)).toBeNull()
})
