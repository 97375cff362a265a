import { expect, test } from 'vitest'
import { toMediaInfo } from '../../../src/media/probe/media-info.ts'
import { probeSchema } from '../../../src/media/probe/probe-schema.ts'
import { requireWithin } from '../../../src/media/probe/source-limits.ts'

const limits = { durationS: 60, pixels: 640 * 360, fps: 30, streams: 3 }

/** A film whose header tells `rate`, and whose pictures come `every` so many of 90,000 parts of a second. */
function look(more: {
  width?: number
  duration?: string
  streams?: number
  rate?: string
  every?: number
  frames?: number
}) {
  const { width = 640, duration = '60', streams = 3, rate = '30/1', every = 3_000, frames = 20 } = more
  const film = {
    index: 0,
    codec_type: 'video',
    codec_name: 'h264',
    width,
    height: 360,
    time_base: '1/90000',
    avg_frame_rate: rate,
    r_frame_rate: rate,
  }
  const probe = probeSchema.parse({
    format: { format_name: 'mov,mp4', nb_streams: streams, duration },
    streams: [film],
    frames: Array.from({ length: frames }, (_, index) => ({ stream_index: 0, pts: index * every })),
  })
  requireWithin(limits, probe, toMediaInfo(probe, 1000))
}

test('what is as large as allowed is taken', () => {
  expect(() => look({})).not.toThrow()
})

test.each([
  ['too_large_picture', { width: 642 }],
  ['too_long', { duration: '60.5' }],
  ['too_many_streams', { streams: 4 }],
  ['too_high_frame_rate', { rate: '31/1', every: 2_903 }],
  ['too_high_frame_rate', { rate: '1000/1', every: 90 }],
])('what is beyond is refused: %s', (code, more) => {
  expect(() => look(more)).toThrow(expect.objectContaining({ name: 'PermanentError', code }))
})

test.each([
  ['a header alone, as recordings of browsers have it', { rate: '1000/1', every: 3_000 }],
  ['a burst at the start', { rate: '29/1', every: 900 }],
  ['a handful of pictures', { rate: '60/1', every: 1_500, frames: 9 }],
  ['no picture at all', { rate: '60/1', frames: 0 }],
  ['a rate that is told a little too high', { rate: '30010/1000', every: 2_999 }],
])('%s is no high frame rate', (_, more) => {
  expect(() => look(more)).not.toThrow()
})
