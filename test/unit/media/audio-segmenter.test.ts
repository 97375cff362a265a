import { expect, test } from 'vitest'
import { createAudioSegmenter } from '../../../src/media/segments/audio-segmenter.ts'
import type { Segment } from '../../../src/media/segments/segment.ts'
import { encodeAudioSample, readFragments } from '../../support/encode-sample.ts'
import { makeFragment, makeInit } from '../../support/make-mp4.ts'
import { codeThrownBy } from '../../support/thrown.ts'

const outline = ({ idx, firstFrame, frames }: Segment) => `${idx}: ${firstFrame}+${frames}`

/** Fragments of these many AAC frames, 1024/48000 s each; 24 frames last 0.512 s, 23 last 0.491 s. */
function run(fragments: readonly number[]) {
  const segmenter = createAudioSegmenter({ name: 'audio-0' })
  segmenter.pushInit('audio-0', makeInit({ duration: 1024, size: 10, flags: 0 }, 48000))
  const early: Segment[][] = []
  let time = 0
  for (const frames of fragments) {
    const { moof, mdat } = makeFragment({ decodeTime: time, frames })
    segmenter.pushFragment('audio-0', moof, mdat)
    time += frames * 1024
    early.push(segmenter.takeReady())
  }
  const { last, ready, frames } = segmenter.finish()
  return { early: early.map((list) => list.map(outline)), ready, last: last && outline(last), frames }
}

test('each fragment is a segment, and the newest waits for the next', () => {
  expect(run([188, 188, 100])).toEqual({
    early: [[], ['0: 0+188'], ['1: 188+188']],
    ready: [],
    last: '2: 376+100',
    frames: 476,
  })
})

test('a last fragment under half a second joins the segment before it', () => {
  expect(run([188, 188, 23])).toMatchObject({ early: [[], ['0: 0+188'], []], last: '1: 188+211' })
  expect(run([188, 188, 24])).toMatchObject({ last: '2: 376+24' })
})

test('a track of less than half a second is one segment, an empty one none', () => {
  expect(run([5])).toMatchObject({ early: [[]], last: '0: 0+5', frames: 5 })
  expect(run([])).toEqual({ early: [], ready: [], last: null, frames: 0 })
})

test('a real track keeps all its bytes and its decode times', async () => {
  const output = await encodeAudioSample(8.3)
  const { init, fragments } = readFragments(output)
  const segmenter = createAudioSegmenter({ name: 'audio-0' })
  segmenter.pushInit('audio-0', init)
  for (const [moof, mdat] of fragments) segmenter.pushFragment('audio-0', moof, mdat)
  const { last, ready, frames } = segmenter.finish()
  const tracks = [...ready, ...(last ? [last] : [])].map(({ tracks }) => tracks.get('audio-0'))

  // The muxer numbers its fragments from 1 and starts at 0: nothing is left to change.
  expect(
    Buffer.concat([init, ...tracks.map((track) => track?.bytes ?? Buffer.alloc(0))]).equals(output),
  ).toBe(true)
  expect(tracks.flatMap((track) => track?.fragments.map(([, , count, time]) => [count, time]))).toEqual([
    [188, 0],
    [188, 192_512],
    [15, 385_024],
  ])
  expect(tracks).toHaveLength(2)
  expect(frames).toBe(391)
  expect(segmenter.inits().get('audio-0')).toEqual(init)
})

test('a track that does not start at zero, or has a gap, is refused', () => {
  const segmenter = createAudioSegmenter({ name: 'audio-0' })
  segmenter.pushInit('audio-0', makeInit({ duration: 1024, size: 10, flags: 0 }, 48000))
  const push = (decodeTime: number) => {
    const { moof, mdat } = makeFragment({ decodeTime, frames: 100 })
    segmenter.pushFragment('audio-0', moof, mdat)
  }
  expect(codeThrownBy(() => push(1024))).toBe('bad_head')
  push(0)
  expect(codeThrownBy(() => push(101 * 1024))).toBe('decode_gap')
})
