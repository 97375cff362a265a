import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { readFragment } from '../../../src/media/mp4/fragments.ts'
import type { Segment } from '../../../src/media/segments/segment.ts'
import { createVideoSegmenter, type VideoSegmenterOptions } from '../../../src/media/segments/segmenter.ts'
import {
  encodeVideoSample,
  FRAME_DURATION,
  GOP_FRAMES,
  probe,
  readFragments,
} from '../../support/encode-sample.ts'
import { makeJpeg } from '../../support/make-jpeg.ts'
import { makeFragment, makeInit } from '../../support/make-mp4.ts'
import { codeThrownBy } from '../../support/thrown.ts'

/** Segments of two GOPs of 10 frames; nothing is held unless a test says so. */
function createSegmenter(options: Partial<VideoSegmenterOptions> = {}) {
  const segmenter = createVideoSegmenter({
    names: ['720p', '360p'],
    firstFrame: 0,
    firstIdx: 0,
    segmentFrames: () => 20,
    frameDuration: 1000,
    gopFrames: 10,
    minTailFrames: 8,
    holdFrom: Number.POSITIVE_INFINITY,
    exactFrames: null,
    pictureEvery: null,
    ...options,
  })
  for (const name of options.names ?? ['720p', '360p']) segmenter.pushInit(name, makeInit())
  return segmenter
}

/** Pushes GOPs of these lengths to one rung, the first one at `from`. */
function pushGops(
  segmenter: ReturnType<typeof createSegmenter>,
  name: string,
  gops: number[],
  from = 0,
): void {
  let frame = from
  for (const frames of gops) {
    const { moof, mdat } = makeFragment({ decodeTime: frame * 1000, frames })
    segmenter.pushFragment(name, moof, mdat)
    frame += frames
  }
}

/** Both rungs alternately, as ffmpeg writes them; answers the ready ones and the outcome. */
function run(options: Partial<VideoSegmenterOptions>, gops: number[]) {
  const segmenter = createSegmenter(options)
  const early: Segment[] = []
  let frame = 0
  for (const frames of gops) {
    pushGops(segmenter, '720p', [frames], frame)
    pushGops(segmenter, '360p', [frames], frame)
    frame += frames
    early.push(...segmenter.takeReady())
  }
  const { last, ready, frames } = segmenter.finish()
  return { early: early.map(outline), ready: ready.map(outline), last: last && outline(last), frames }
}

/** `idx: first frame + frames` */
const outline = ({ idx, firstFrame, frames }: Segment) => `${idx}: ${firstFrame}+${frames}`

test('a segment is ready once it is full on the slowest rung', () => {
  const segmenter = createSegmenter()
  pushGops(segmenter, '720p', [10, 10, 10])
  pushGops(segmenter, '360p', [10])
  expect(segmenter.frames).toBe(10)
  expect(segmenter.takeReady()).toEqual([])
  pushGops(segmenter, '360p', [10], 10)
  expect(segmenter.frames).toBe(20)
  expect(segmenter.takeReady().map(outline)).toEqual(['0: 0+20'])
  expect(segmenter.takeReady()).toEqual([])
})

test('a segment joins its fragments, says where each lies, and hashes what it holds', () => {
  const segmenter = createSegmenter({ names: ['720p'], firstFrame: 40, firstIdx: 2 })
  pushGops(segmenter, '720p', [10, 10])
  const track = segmenter.takeReady()[0]?.tracks.get('720p')
  if (!track) throw new Error('no segment')
  const size = track.bytes.length / 2
  expect(track.duration).toBe(20_000)
  const moofBytes = size - 8 - 10 * 10
  expect(track.fragments).toEqual([
    [0, moofBytes + 8 + 10, 10, 40_000],
    [size, moofBytes + 8 + 10, 10, 50_000],
  ])
  expect(track.sha256).toBe(createHash('sha256').update(track.bytes).digest('hex'))
})

test('segments may differ in nominal length', () => {
  const { early } = run({ segmentFrames: (idx) => (idx === 0 ? 10 : 20) }, [10, 10, 10, 10, 10])
  expect(early).toEqual(['0: 0+10', '1: 10+20', '2: 30+20'])
})

test('a segment that might be the last waits for the next to be full', () => {
  const gops = [10, 10, 10, 10, 10, 10]
  expect(run({ holdFrom: 60 }, gops)).toEqual({
    early: ['0: 0+20', '1: 20+20'],
    ready: [],
    last: '2: 40+20',
    frames: 60,
  })
  expect(run({ holdFrom: 40 }, gops)).toMatchObject({ early: ['0: 0+20', '1: 20+20'], last: '2: 40+20' })
  expect(run({ holdFrom: 40 }, gops.slice(0, 5))).toMatchObject({
    early: ['0: 0+20'],
    ready: ['1: 20+20'],
    last: '2: 40+10',
  })
  expect(run({ holdFrom: 0 }, gops.slice(0, 2))).toMatchObject({ early: [], ready: [], last: '0: 0+20' })
})

test('a run cut where nothing was held ends without a last segment', () => {
  expect(run({}, [10, 10])).toEqual({ early: ['0: 0+20'], ready: [], last: null, frames: 20 })
})

test('a run without frames has no segments', () => {
  expect(run({}, [])).toEqual({ early: [], ready: [], last: null, frames: 0 })
})

test('a short tail joins the segment held before it, a longer one stands alone', () => {
  expect(run({ holdFrom: 0 }, [10, 10, 7])).toMatchObject({ early: [], ready: [], last: '0: 0+27' })
  expect(run({ holdFrom: 0 }, [10, 10, 8])).toMatchObject({ early: [], ready: ['0: 0+20'], last: '1: 20+8' })
})

test('a short tail with nothing before it stands alone', () => {
  expect(run({ holdFrom: 0 }, [3])).toMatchObject({ early: [], ready: [], last: '0: 0+3' })
  expect(run({}, [10, 10, 3])).toMatchObject({ early: ['0: 0+20'], last: '1: 20+3' })
})

test('the bytes of a joined tail come last, with its own entry', () => {
  const segmenter = createSegmenter({ names: ['720p'], holdFrom: 0 })
  pushGops(segmenter, '720p', [10, 10, 3])
  const track = segmenter.finish().last?.tracks.get('720p')
  expect(track?.duration).toBe(23_000)
  expect(track?.fragments.map(([, , frames, time]) => [frames, time])).toEqual([
    [10, 0],
    [10, 10_000],
    [3, 20_000],
  ])
})

test('a run whose head is missing is refused at its first fragment', () => {
  const segmenter = createSegmenter()
  expect(codeThrownBy(() => pushGops(segmenter, '720p', [10], 5))).toBe('bad_head')
})

test('a gap in decode times is refused', () => {
  const segmenter = createSegmenter()
  pushGops(segmenter, '720p', [10])
  expect(codeThrownBy(() => pushGops(segmenter, '720p', [10], 11))).toBe('decode_gap')
})

test('a fragment that starts without a sync sample is refused', () => {
  const { moof, mdat } = makeFragment({ decodeTime: 0, frames: 10, sync: false })
  expect(codeThrownBy(() => createSegmenter().pushFragment('720p', moof, mdat))).toBe('no_sync')
})

test('a fragment whose mdat is not what its moof lists is refused', () => {
  const { moof } = makeFragment({ decodeTime: 0, frames: 10 })
  const { mdat } = makeFragment({ decodeTime: 0, frames: 9 })
  expect(codeThrownBy(() => createSegmenter().pushFragment('720p', moof, mdat))).toBe('bad_box')
})

test('only the last fragment may be other than one GOP', () => {
  expect(codeThrownBy(() => pushGops(createSegmenter(), '720p', [11]))).toBe('bad_gop')
  expect(codeThrownBy(() => pushGops(createSegmenter(), '720p', [9, 10]))).toBe('bad_gop')
})

test('frames that do not last as long as the grid says are refused', () => {
  const segmenter = createSegmenter({ frameDuration: 1001 })
  expect(codeThrownBy(() => pushGops(segmenter, '720p', [10]))).toBe('bad_gop')
})

test('a plan whose segments are not made of whole GOPs is refused', () => {
  for (const frames of [0, 5, 15]) {
    const segmenter = createSegmenter({ names: ['720p'], segmentFrames: () => frames })
    expect(codeThrownBy(() => pushGops(segmenter, '720p', [10, 10]))).toBe('bad_gop')
  }
})

test('rungs that end at different frames are refused', () => {
  const segmenter = createSegmenter({ holdFrom: 0 })
  pushGops(segmenter, '720p', [10, 10, 5])
  pushGops(segmenter, '360p', [10, 10, 4])
  expect(codeThrownBy(() => segmenter.finish())).toBe('rungs_disagree')
})

test('a rung that gave nothing disagrees with the others', () => {
  const segmenter = createSegmenter()
  pushGops(segmenter, '720p', [10])
  expect(codeThrownBy(() => segmenter.finish())).toBe('rungs_disagree')
})

test('more frames than the run should have are refused, fewer are told', () => {
  expect(codeThrownBy(() => run({ exactFrames: 20 }, [10, 10, 1]))).toBe('too_many_frames')
  expect(run({ exactFrames: 20 }, [10, 9]).frames).toBe(19)
})

/** Pictures at every fifteenth frame: 0, 15, 30, … */
const withPictures = { names: ['720p'], pictureEvery: 15 }
const picturesIn = (segment: Segment | null | undefined) =>
  segment?.tracks.get('pictures')?.fragments.map(([, , count, time]) => [count, time / 1000])

test('a segment waits for all of its pictures, which come before its frames or after', () => {
  const segmenter = createSegmenter(withPictures)
  segmenter.pushPicture(makeJpeg())
  pushGops(segmenter, '720p', [10, 10])
  expect(segmenter.takeReady()).toEqual([])
  segmenter.pushPicture(makeJpeg())
  expect(segmenter.takeReady().map(picturesIn)).toEqual([
    [
      [1, 0],
      [1, 15],
    ],
  ])
  segmenter.pushPicture(makeJpeg())
  pushGops(segmenter, '720p', [10, 10], 20)
  expect(segmenter.takeReady().map(picturesIn)).toEqual([[[1, 30]]])
  expect(segmenter.finish().last).toBeNull()
})

test('the pictures of a segment are one object, with the place and time of each, and its hash', () => {
  const segmenter = createSegmenter(withPictures)
  const jpegs = [makeJpeg(3), makeJpeg(9)]
  for (const jpeg of jpegs) segmenter.pushPicture(jpeg)
  pushGops(segmenter, '720p', [10, 10])
  const track = segmenter.takeReady()[0]?.tracks.get('pictures')
  const bytes = Buffer.concat(jpegs)
  expect(track).toEqual({
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    duration: 20_000,
    fragments: [
      [0, jpegs[0]?.length, 1, 0],
      [jpegs[0]?.length, jpegs[1]?.length, 1, 15_000],
    ],
  })
})

test('a segment without a picture has no such object', () => {
  const segmenter = createSegmenter({ names: ['720p'], pictureEvery: 40 })
  segmenter.pushPicture(makeJpeg())
  segmenter.pushPicture(makeJpeg())
  pushGops(segmenter, '720p', [10, 10, 10, 10, 10])
  const { last } = segmenter.finish()
  expect(segmenter.takeReady()).toEqual([])
  expect(picturesIn(last)).toEqual([[1, 40]])
})

test('a run taken up again leaves out its first picture where none is due', () => {
  const segmenter = createSegmenter({ ...withPictures, firstFrame: 20, firstIdx: 1 })
  for (let i = 0; i < 2; i++) segmenter.pushPicture(makeJpeg())
  pushGops(segmenter, '720p', [10, 10])
  expect(segmenter.takeReady().map(picturesIn)).toEqual([[[1, 30]]])
})

test('a short tail brings its picture to the segment that it joins', () => {
  const segmenter = createSegmenter({ ...withPictures, pictureEvery: 10, holdFrom: 0 })
  for (let i = 0; i < 3; i++) segmenter.pushPicture(makeJpeg())
  pushGops(segmenter, '720p', [10, 10, 3])
  expect(picturesIn(segmenter.finish().last)).toEqual([
    [1, 0],
    [1, 10],
    [1, 20],
  ])
})

test('frames do not pile up while no picture comes', () => {
  const segmenter = createSegmenter(withPictures)
  const pile = () => {
    for (let frame = 0; frame < 3000; frame += 10) {
      const { moof, mdat } = makeFragment({ decodeTime: frame * 1000, frames: 10, size: 100_000 })
      segmenter.pushFragment('720p', moof, mdat)
    }
  }
  segmenter.pushInit('720p', makeInit({ duration: 1000, size: 100_000, flags: 0 }))
  expect(codeThrownBy(pile)).toBe('pictures_disagree')
})

test('a run with a picture too few or too many is refused', () => {
  for (const count of [1, 3]) {
    const segmenter = createSegmenter({ ...withPictures, holdFrom: 0 })
    for (let i = 0; i < count; i++) segmenter.pushPicture(makeJpeg())
    pushGops(segmenter, '720p', [10, 10])
    expect(codeThrownBy(() => segmenter.finish())).toBe('pictures_disagree')
  }
})

const WIDTHS = [128, 64]
const SAMPLE_NAMES = ['64p', '32p']

/** A run of real ffmpeg output in segments of two GOPs; pieces of both rungs come in turn. */
async function encodeRun(options: {
  firstFrame: number
  firstIdx: number
  frames: number
  lostHead?: number
}) {
  const outputs = await encodeVideoSample({ widths: WIDTHS, ...options })
  const segmenter = createVideoSegmenter({
    names: SAMPLE_NAMES,
    firstFrame: options.firstFrame,
    firstIdx: options.firstIdx,
    segmentFrames: () => 2 * GOP_FRAMES,
    frameDuration: FRAME_DURATION,
    gopFrames: GOP_FRAMES,
    minTailFrames: 30,
    holdFrom: options.firstFrame + options.frames - 30,
    exactFrames: options.frames,
    pictureEvery: null,
  })
  for (const [i, output] of outputs.entries()) {
    const { init, fragments } = readFragments(output)
    segmenter.pushInit(SAMPLE_NAMES[i] ?? '', init)
    for (const [moof, mdat] of fragments) segmenter.pushFragment(SAMPLE_NAMES[i] ?? '', moof, mdat)
  }
  const { last, ready } = segmenter.finish()
  return { segments: last ? [...ready, last] : ready, inits: segmenter.inits() }
}

const framesSchema = z.object({ frames: z.array(z.object({ pts: z.int(), key_frame: z.int() })) })

test('a chunk, its resumed rest and the next chunk play as one run does', async () => {
  const whole = await encodeRun({ firstFrame: 0, firstIdx: 0, frames: 160 })
  const first = await encodeRun({ firstFrame: 0, firstIdx: 0, frames: 60 })
  const resumed = await encodeRun({ firstFrame: 30, firstIdx: 1, frames: 30 })
  const second = await encodeRun({ firstFrame: 60, firstIdx: 2, frames: 100 })
  const joined = [...first.segments.slice(0, 1), ...resumed.segments, ...second.segments]

  expect(joined.map(outline)).toEqual(['0: 0+30', '1: 30+30', '2: 60+30', '3: 90+30', '4: 120+40'])
  expect(joined.map(outline)).toEqual(whole.segments.map(outline))
  for (const name of SAMPLE_NAMES) {
    const times = (segments: Segment[]) =>
      segments.flatMap(({ tracks }) =>
        tracks.get(name)?.fragments.map(([, , frames, time]) => [time, frames]),
      )
    expect(times(joined)).toEqual(times(whole.segments))
    expect(resumed.inits.get(name)).toEqual(whole.inits.get(name))

    const init = whole.inits.get(name) ?? Buffer.alloc(0)
    const mp4 = Buffer.concat([
      init,
      ...joined.map(({ tracks }) => tracks.get(name)?.bytes ?? Buffer.alloc(0)),
    ])
    const { frames } = framesSchema.parse(await probe(mp4, ['-show_entries', 'frame=pts,key_frame']))
    expect(frames.map(({ pts }) => pts)).toEqual(Array.from({ length: 160 }, (_, i) => i * FRAME_DURATION))
    expect(frames.flatMap(({ key_frame }, i) => (key_frame ? [i] : []))).toEqual(
      Array.from({ length: 11 }, (_, i) => i * GOP_FRAMES),
    )
  }
})

test('a sync range with its init decodes to one key frame', async () => {
  const { segments, inits } = await encodeRun({ firstFrame: 30, firstIdx: 1, frames: 30 })
  const track = segments[0]?.tracks.get('64p')
  const [offset = 0, syncBytes = 0] = track?.fragments[1] ?? []
  expect(offset).toBeGreaterThan(0)
  const range = track?.bytes.subarray(offset, offset + syncBytes) ?? Buffer.alloc(0)
  const { frames } = framesSchema.parse(
    await probe(Buffer.concat([inits.get('64p') ?? Buffer.alloc(0), range]), [
      '-show_entries',
      'frame=pts,key_frame',
    ]),
  )
  expect(frames).toEqual([{ pts: 45 * FRAME_DURATION, key_frame: 1 }])
})

test('a chunk that ffmpeg entered too late, even by one frame, is refused at its init', async () => {
  for (const lostHead of [1, 4]) {
    const [output = Buffer.alloc(0)] = await encodeVideoSample({
      widths: [128],
      firstFrame: 30,
      frames: 30,
      lostHead,
    })
    const { init, fragments } = readFragments(output)
    // The fragments give nothing away: they start at zero.
    expect(readFragment(fragments[0]?.[0] ?? Buffer.alloc(0)).decodeTime).toBe(0)
    expect(codeThrownBy(() => createSegmenter().pushInit('720p', init))).toBe('bad_head')
  }
})

test('a chunk with nothing in it has an init and no segments', async () => {
  const { segments, inits } = await encodeRun({ firstFrame: 30, firstIdx: 1, frames: 30, lostHead: 30 })
  expect(segments).toEqual([])
  expect(inits.size).toBe(2)
})

test('sequence numbers count GOPs over the whole track', () => {
  const segmenter = createSegmenter({ names: ['720p'], firstFrame: 40, firstIdx: 2 })
  pushGops(segmenter, '720p', [10, 10])
  const bytes = segmenter.takeReady()[0]?.tracks.get('720p')?.bytes ?? Buffer.alloc(0)
  const sequence = (offset: number) => bytes.readUInt32BE(bytes.indexOf('mfhd', offset) + 8)
  expect([sequence(0), sequence(bytes.length / 2)]).toEqual([5, 6])
})
