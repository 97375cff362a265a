import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { VideoPlan } from '../../../src/media/model.ts'
import { segmentStart } from '../../../src/media/plan/chunks.ts'
import { encode, frameHashes, hashesIn, planSource, rawFrames, type Span } from './encode-run.ts'
import { createScratch, picture, tone } from './scratch.ts'
import { startSourceServer } from './source-server.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
let store: Awaited<ReturnType<typeof startSourceServer>>

beforeAll(async () => {
  scratch = await createScratch()
  store = await startSourceServer(scratch.path)
})

afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await scratch[Symbol.asyncDispose]()
})

/** Twenty seconds with B-frames and a long, open GOP, so that a border falls between key frames. */
const FILM = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '75', '-x264-params', 'open-gop=1']
const WHOLE: Span = { firstFrame: 0, frames: null }

/** The spans a worker runs: each chunk, and each chunk again from its second segment, as after a crash. */
function spansOf(plan: VideoPlan): Span[] {
  return plan.chunks.flatMap(({ first_frame, frames }, index) => {
    const done = segmentStart(plan, index, 1)
    const resumed = { firstFrame: first_frame + done, frames: frames === null ? null : frames - done }
    return [{ firstFrame: first_frame, frames }, resumed]
  })
}

describe.each<[string, string, string[]]>([
  ['an MP4', 'film.mp4', []],
  ['an MP4 whose sound begins 0.3 s before its picture', 'late.mp4', ['-fps_mode', 'passthrough']],
  ['a transport stream', 'film.ts', []],
  // The picture stands still over the border, for longer than the pre-roll.
  [
    'a Matroska file with a gap',
    'gap.mkv',
    ['-vf', "select='not(between(t,7,12.5))'", '-fps_mode', 'passthrough'],
  ],
])('a film in %s, cut in chunks and taken up again', (_, name, more) => {
  let plan: VideoPlan

  beforeAll(async () => {
    const delayed = name === 'late.mp4' ? ['-itsoffset', '0.3'] : []
    await scratch.make(
      name,
      ...delayed,
      ...picture('320x180', '30000/1001', 20),
      ...tone(20),
      ...FILM,
      '-c:a',
      'aac',
      ...more,
    )
    plan = (await planSource(store.url(name))).video
  }, 30_000)

  test('has in every run exactly the frames of a single pass', async () => {
    expect(plan.chunks.length).toBeGreaterThan(1)
    if (name === 'late.mp4') expect(plan.origin_ticks).toBeLessThan(plan.source_start_s * plan.time_base[1])
    const single = await frameHashes(store.url(name), plan, WHOLE)
    expect(single[0]?.length).toBeGreaterThanOrEqual(599)
    expect(new Set(single[0]).size).toBeGreaterThan(400)
    for (const span of spansOf(plan)) {
      const end = span.frames === null ? undefined : span.firstFrame + span.frames
      expect(await frameHashes(store.url(name), plan, span)).toEqual(
        single.map((rung) => rung.slice(span.firstFrame, end)),
      )
    }
  }, 30_000)

  test('has the same frames when it is decoded from the start', async () => {
    const { first_frame: firstFrame } = plan.chunks.at(-1) ?? { first_frame: 0 }
    const span: Span = { firstFrame, frames: 60 }
    expect(await frameHashes(store.url(name), plan, { ...span, preroll_s: 'from_start' })).toEqual(
      await frameHashes(store.url(name), plan, span),
    )
  }, 30_000)
})

describe('the encoded chunks', () => {
  test('have as many frames as a single pass, with the same init segment, also at two threads', async () => {
    await scratch.make('encoded.mp4', ...picture('320x180', '30', 16), ...FILM)
    const url = store.url('encoded.mp4')
    const { video: plan } = await planSource(url)
    const single = await encode(url, plan, WHOLE)
    const runs = await Promise.all(
      plan.chunks.map(({ first_frame, frames }, index) =>
        encode(url, plan, { firstFrame: first_frame, frames, threads: 1 + index }),
      ),
    )
    expect(runs.length).toBeGreaterThan(1)
    expect(single.result).toMatchObject({ exitCode: 0, frames: 480, decodeErrors: 0, stderrTail: '' })
    expect(runs.reduce((sum, { result }) => sum + result.frames, 0)).toBe(480)
    for (const { outputs } of runs) expect(outputs.map(initOf)).toEqual(single.outputs.map(initOf))
  }, 30_000)
})

/** Everything before the first fragment. */
const initOf = (bytes: Buffer): string => bytes.subarray(0, bytes.indexOf('moof')).toString('base64')

test.each(['90', '180', '270'])(
  'a clip marked to be turned by %s stands as ffmpeg itself would turn it',
  async (degrees) => {
    await scratch.make(
      'lying.mp4',
      ...picture('320x180', '30', 0.5),
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      // Without the tag it would be taken for BT.601 and converted.
      '-colorspace',
      'bt709',
    )
    await scratch.make(
      'turned.mp4',
      '-i',
      join(scratch.path, 'lying.mp4'),
      '-c',
      'copy',
      '-metadata:s:v:0',
      `rotate=${degrees}`,
    )
    const { video: plan } = await planSource(store.url('turned.mp4'))
    const [top] = plan.rungs
    expect([top?.width, top?.height]).toEqual(degrees === '180' ? [320, 180] : [180, 320])
    const auto = await execa('ffmpeg', [
      '-v',
      'error',
      '-i',
      join(scratch.path, 'turned.mp4'),
      '-f',
      'framemd5',
      '-',
    ])
    const [hashes] = await frameHashes(store.url('turned.mp4'), plan, WHOLE)
    expect(hashes).toEqual(hashesIn(auto.stdout))
    expect(hashes).toHaveLength(15)
  },
)

/** The mean of the luma plane of the first frame. */
async function lumaOf(name: string): Promise<number> {
  const { video: plan } = await planSource(store.url(name))
  const [top] = plan.rungs
  const size = (top?.width ?? 0) * (top?.height ?? 0)
  const luma = (await rawFrames(store.url(name), plan, { firstFrame: 0, frames: 1 })).subarray(0, size)
  expect(luma).toHaveLength(size)
  return luma.reduce((sum, value) => sum + value, 0) / size
}

/** Code value of a brightness in PQ (SMPTE ST 2084), 10-bit limited range. */
function pq(nits: number): number {
  const power = (nits / 10_000) ** 0.1593017578125
  return Math.round(64 + 876 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)
}

test.each([
  [26, 109],
  [100, 174],
  [203, 202],
  [1000, 235],
])('HDR10 at %i nits becomes luma %i ± 3', async (nits, expected) => {
  const flat = `color=size=64x64:rate=10:duration=0.3,format=yuv420p10le,geq=lum=${pq(nits)}:cb=512:cr=512`
  const tags = 'colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited:log-level=none:qp=4'
  await scratch.make('hdr.mp4', '-f', 'lavfi', '-i', flat, '-c:v', 'libx265', '-x265-params', tags)
  expect(Math.abs((await lumaOf('hdr.mp4')) - expected)).toBeLessThan(3)
})

test.each([
  ['8-bit', 'yuvj420p', 255],
  ['10-bit', 'yuv420p10le', 1023],
])('full range of %s becomes limited', async (_, format, white) => {
  const flat = `color=size=64x64:rate=10:duration=0.3,format=${format},geq=lum=${white}:cb=${(white + 1) / 2}:cr=${(white + 1) / 2}`
  await scratch.make(
    'full.mp4',
    '-f',
    'lavfi',
    '-i',
    flat,
    '-c:v',
    'libx264',
    '-qp',
    '4',
    '-color_range',
    'pc',
  )
  expect(Math.abs((await lumaOf('full.mp4')) - 235)).toBeLessThan(2)
})

test('frames that are decoded and dropped for long are no stall', async () => {
  await scratch.make(
    'slow.mp4',
    ...picture('640x360', '30', 10),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-b:v',
    '2M',
  )
  await using trickle = await startSourceServer(scratch.path, { '/slow.mp4': serveSlowly })
  const { video: plan } = await planSource(store.url('slow.mp4'))
  const span: Span = { firstFrame: 270, frames: 30, preroll_s: 'from_start' }
  const started = performance.now()
  const { result } = await encode(trickle.url('slow.mp4'), plan, span, undefined, 1200)
  expect(result).toMatchObject({ exitCode: 0, frames: 30 })
  expect(performance.now() - started).toBeGreaterThan(1800)
}, 20_000)

/** A tenth of the file every 0.25 s. */
async function serveSlowly(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const whole = await readFile(join(scratch.path, 'slow.mp4'))
  const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(206, {
    'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}`,
    'content-length': whole.length - start,
  })
  const step = Math.ceil(whole.length / 10)
  for (let at = start; at < whole.length && !response.destroyed; at += step) {
    response.write(whole.subarray(at, at + step))
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  response.end()
}
