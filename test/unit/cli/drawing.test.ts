import { expect, test } from 'vitest'
import { progressLine, progressLines, resolutionTable } from '../../../src/cli/screen/drawing.ts'
import { paint } from '../../../src/cli/screen/paint.ts'
import { bitrateText, bytesText, numberText, timeText } from '../../../src/cli/screen/units.ts'
import type { ProgressSnapshot } from '../../../src/progress/snapshot.ts'

const snapshot: ProgressSnapshot = {
  video_id: '0192f0c1-2b1a-7c3d-8e4f-5a6b7c8d9e0f',
  seq: 1,
  status: 'processing',
  percent: 50,
  stage: 'encoding',
  frames: 900,
  total_frames: 1800,
  fps: 61.4,
  speed: 2.05,
  eta_s: 14.6,
  chunks: { done: 1, running: 1, total: 2 },
  resolutions: [
    { name: '1080p', segments: 7, bytes: 12_345_678 },
    { name: '720p', segments: 1, bytes: 999_999 },
  ],
}

test('the bar is as full as the percentage and each rung has its line', () => {
  const [first = '', ...rungs] = progressLines(snapshot, 120)
  expect(first).toContain(`▕${'█'.repeat(20)}${' '.repeat(20)}▏`)
  expect(first).toContain('50.0 %  encoding  chunks 1/2 (1 running)  61 fps  2.05×  0:15 left')
  expect(rungs).toEqual(['  1080p     7 segments   12.3 MB', '  720p       1 segment    1.0 MB'])
})

test('what is not known yet is left out', () => {
  const early = { ...snapshot, percent: 0, stage: 'queued', fps: null, speed: null, eta_s: null } as const
  expect(progressLine({ ...early, chunks: { done: 0, running: 0, total: 0 }, resolutions: [] })).toBe(
    '  0.0 %  queued',
  )
})

test('the table is aligned and shows a dash for what is missing', () => {
  const rung = {
    name: '1080p',
    width: 1920,
    height: 1080,
    fps: '30000/1001',
    codec: 'avc1.640028',
    state: 'done',
  }
  const made = { size_bytes: 4_000_000, average_bitrate_bps: 4_512_000, peak_bitrate_bps: null }
  const video = {
    id: snapshot.video_id,
    title: null,
    status: 'completed',
    error: null,
    created_at: '',
    completed_at: null,
    links: {},
    resolutions: [{ ...rung, ...made, frames: 1800, duration_s: 60 }],
  } as const
  const lines = resolutionTable({ resolutions: [...video.resolutions] })
  expect(lines.map((line) => paint(line, false))).toEqual([
    'rung        size    fps  codec         average  peak   bytes  frames  duration',
    '1080p  1920×1080  29.97  avc1.640028  4.5 Mb/s     –  4.0 MB    1800      1:00',
  ])
})

test('units are the ones people read', () => {
  expect([0, 999, 1000, 99_950, 999_600, 2.5e9].map(bytesText)).toEqual([
    ...['0 B', '999 B', '1.0 kB', '100 kB', '1.0 MB', '2.5 GB'],
  ])
  expect(bitrateText(128_000)).toBe('128 kb/s')
  expect([0, 59.6, 3723].map(timeText)).toEqual(['0:00', '1:00', '1:02:03'])
  expect([29.97003, 30].map((fps) => numberText(fps, 3))).toEqual(['29.97', '30'])
})
