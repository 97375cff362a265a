import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readBuild, requireEncoder } from '../../../src/media/ffmpeg/build.ts'
import type { VideoPlan } from '../../../src/media/model.ts'
import { codecString } from '../../../src/media/mp4/codec-string.ts'
import { createFragmentReader } from '../../../src/media/mp4/fragments.ts'
import { segmentFrames, segmentStart } from '../../../src/media/plan/chunks.ts'
import type { Segment } from '../../../src/media/segments/segment.ts'
import { createVideoSegmenter } from '../../../src/media/segments/segmenter.ts'
import { countFrames, readPackets } from '../../support/media-facts.ts'
import { profileNamed } from '../../support/profiles.ts'
import { encode, planSource } from './encode-run.ts'
import { createScratch, picture } from './scratch.ts'
import { startSourceServer } from './source-server.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
let store: Awaited<ReturnType<typeof startSourceServer>>

beforeAll(async () => {
  scratch = await createScratch()
  store = await startSourceServer(scratch.path)
  const open = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '75', '-x264-params', 'open-gop=1']
  await scratch.make('film.mp4', ...picture('320x180', '30000/1001', 16.5), ...open)
  const tags = 'colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=none'
  const hdr = ['-c:v', 'libx265', '-pix_fmt', 'yuv420p10le', '-x265-params', tags]
  await scratch.make('hdr.mp4', ...picture('128x128', '10', 0.5), ...hdr)
})

afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await scratch[Symbol.asyncDispose]()
})

/** Without pictures for the seek bar, which are the same for all. */
async function planBy(profile: string, name: string): Promise<VideoPlan> {
  const { video } = await planSource(store.url(name), profileNamed(profile))
  return { ...video, pictures: null }
}

type Run = { inits: Map<string, string>; init: Buffer; segments: Segment[]; frames: number }

/** A chunk from its segment `fromIdx` on, up to what the worker would commit. */
async function runChunk(
  plan: VideoPlan,
  position: number,
  fromIdx: number,
  threads: number,
  name = 'film.mp4',
): Promise<Run> {
  const chunk = plan.chunks[position]
  if (!chunk) throw new Error(`no chunk ${position}`)
  const offset = segmentStart(plan, position, fromIdx)
  const frames = chunk.frames === null ? null : chunk.frames - offset
  const firstFrame = chunk.first_frame + offset
  const segmenter = createVideoSegmenter({
    names: plan.rungs.map((rung) => rung.name),
    firstFrame,
    firstIdx: fromIdx,
    segmentFrames: (idx) => segmentFrames(plan, position, idx),
    frameDuration: plan.frame_duration,
    gopFrames: plan.gop_frames,
    minTailFrames: 30,
    holdFrom: Number.MAX_SAFE_INTEGER,
    exactFrames: frames,
    pictureEvery: null,
  })
  const { result, outputs } = await encode(store.url(name), plan, { firstFrame, frames, threads })
  expect(result).toMatchObject({ exitCode: 0, decodeErrors: 0 })
  // The decoder has a word to say after a seek, the encoders have none.
  expect(result.stderrTail.replaceAll(/^\[h264 .*mmco: unref short failure$/gm, '').trim()).toBe('')
  for (const [index, { name }] of plan.rungs.entries()) {
    const reader = createFragmentReader({
      onInit: (init) => segmenter.pushInit(name, init),
      onFragment: (moof, mdat) => segmenter.pushFragment(name, moof, mdat),
    })
    reader.push(outputs[index] ?? Buffer.alloc(0))
    reader.end()
  }
  const { last, ready, frames: made } = segmenter.finish()
  const inits = new Map([...segmenter.inits()].map(([name, init]) => [name, init.toString('base64')]))
  const init = segmenter.inits().get(plan.rungs[0]?.name ?? '') ?? Buffer.alloc(0)
  return { inits, init, segments: last ? [...ready, last] : ready, frames: made }
}

/** The top rung as a player puts it together. */
async function joined(file: string, plan: VideoPlan, { init }: Run, segments: Segment[]): Promise<string> {
  const name = plan.rungs[0]?.name ?? ''
  const path = join(scratch.path, file)
  await writeFile(
    path,
    Buffer.concat([init, ...segments.map(({ tracks }) => tracks.get(name)?.bytes ?? Buffer.alloc(0))]),
  )
  return path
}

const decoded = (path: string) => execa('ffmpeg', ['-v', 'warning', '-i', path, '-f', 'null', '-'])

describe.each([
  ['default', 'avc1.64000d', 2],
  ['hevc', 'hvc1.1.6.L60.90', 2],
  ['av1', 'av01.0.00M.08', 0],
])('a film by the profile %s, cut in chunks and taken up again', (name, codec, delayFrames) => {
  let plan: VideoPlan
  let chunks: Run[]
  let single: Run

  beforeAll(async () => {
    plan = await planBy(name, 'film.mp4')
    expect(plan.chunks.length).toBeGreaterThan(1)
    const whole = { ...plan, chunks: [{ first_frame: 0, frames: null }] }
    single = await runChunk(whole, 0, 0, 1)
    chunks = []
    for (const position of plan.chunks.keys())
      chunks.push(await runChunk(plan, position, 0, 1 + (position % 2)))
  }, 120_000)

  test('has one init, whatever the chunk and the number of threads', async () => {
    const resumed = await runChunk(plan, 0, 1, 2)
    for (const { inits } of [...chunks, resumed]) expect(inits).toEqual(single.inits)
    expect(codecString(single.init)).toBe(codec)
  })

  test('has the frames of a single pass on its grid, a key frame each GOP, and decodes without a word', async () => {
    const parts = chunks.flatMap(({ segments }) => segments)
    const path = await joined('chunks.mp4', plan, single, parts)
    const packets = await readPackets(path)
    const frames = single.frames
    expect(frames).toBe(plan.expected_frames)
    expect(packets).toHaveLength(frames)
    // The edit list takes the delay of the first picture away again.
    const times = packets.map(({ pts }) => pts / plan.frame_duration).sort((a, b) => a - b)
    expect(times).toEqual(Array.from({ length: frames }, (_, frame) => frame))
    expect(packets[0]?.dts).toBe(-delayFrames * plan.frame_duration || 0)
    expect(packets.flatMap(({ key }, index) => (key ? [index] : []))).toEqual(
      Array.from({ length: Math.ceil(frames / plan.gop_frames) }, (_, gop) => gop * plan.gop_frames),
    )
    expect(await countFrames(path)).toBe(frames)
    expect((await decoded(path)).stderr).toBe('')
  })

  test('goes on at a segment as if it had never stopped', async () => {
    const [first, ...others] = chunks
    const resumed = await runChunk(plan, 0, 1, 1)
    if (!first) throw new Error('there is a first chunk')
    const parts = [
      ...first.segments.slice(0, 1),
      ...resumed.segments,
      ...others.flatMap(({ segments }) => segments),
    ]
    const path = await joined('resumed.mp4', plan, single, parts)
    expect(await countFrames(path)).toBe(single.frames)
    expect((await decoded(path)).stderr).toBe('')
    const times = (await readPackets(path)).map(({ pts }) => pts).sort((a, b) => a - b)
    expect(times.every((time, frame) => time === frame * plan.frame_duration)).toBe(true)
  })

  test('shows the picture of the source', async () => {
    const path = await joined(
      'seen.mp4',
      plan,
      single,
      chunks.flatMap(({ segments }) => segments),
    )
    const source = ['-i', join(scratch.path, 'film.mp4')]
    const { stderr } = await execa('ffmpeg', ['-i', path, ...source, '-lavfi', 'ssim', '-f', 'null', '-'])
    expect(Number(/All:(\d\.\d+)/.exec(stderr)?.[1])).toBeGreaterThan(0.9)
  })
})

test.each(['default', 'hevc', 'av1'])('of HDR the profile %s makes plain BT.709', async (name) => {
  const plan = await planBy(name, 'hdr.mp4')
  expect(plan.tone_map).not.toBeNull()
  const run = await runChunk(plan, 0, 0, 1, 'hdr.mp4')
  const path = await joined('sdr.mp4', plan, run, run.segments)
  const { stdout } = await execa('ffprobe', [
    ...['-v', 'error', '-of', 'json', '-read_intervals', '%+#1', '-show_entries'],
    'stream=color_transfer,color_primaries,color_space:frame=color_transfer',
    path,
  ])
  expect(stdout).not.toMatch(/smpte2084|bt2020/)
  expect(stdout.match(/"bt709"/g)?.length).toBeGreaterThanOrEqual(3)
})

test.each([
  ['hevc', 1],
  ['av1', 2],
])('a slide every two seconds has key frames where %s is able to: each %i frames', async (name, gop) => {
  await scratch.make('slides.mp4', ...picture('128x128', '1/2', 12), '-c:v', 'libx264')
  const plan = await planBy(name, 'slides.mp4')
  const run = await runChunk(plan, 0, 0, 1, 'slides.mp4')
  expect(run.frames).toBe(6)
  const packets = await readPackets(await joined('slides-out.mp4', plan, run, run.segments))
  expect(packets.map(({ key }) => key)).toEqual(packets.map((_, index) => index % gop === 0))
})

test('a build knows what it can encode, and its fingerprint covers all of it', async () => {
  const build = await readBuild('ffmpeg')
  expect([...build.codecs]).toEqual(['h264', 'hevc', 'av1'])
  const lacking = join(scratch.path, 'lacking')
  const without =
    'case " $* " in *" libsvtav1 "*) echo "Unknown encoder" >&2; exit 1;; esac; exec /usr/bin/ffmpeg "$@"'
  await writeFile(lacking, `#!/bin/sh\n${without}\n`, { mode: 0o755 })
  const less = await readBuild(lacking)
  expect([...less.codecs]).toEqual(['h264', 'hevc'])
  expect(less.version).toBe(build.version)
  expect(less.fingerprint).not.toBe(build.fingerprint)
  expect(() => requireEncoder(less.codecs, 'hevc')).not.toThrow()
  expect(() => requireEncoder(less.codecs, 'av1')).toThrow(
    expect.objectContaining({ code: 'encoder_missing', message: expect.stringContaining('libsvtav1') }),
  )
})
