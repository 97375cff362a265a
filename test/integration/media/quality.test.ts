import { join } from 'node:path'
import { Readable } from 'node:stream'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { qualityArgs } from '../../../src/media/argv/quality-args.ts'
import { createFiguresReader, sumFigures } from '../../../src/media/checks/quality-figures.ts'
import { runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { judgeExit } from '../../../src/media/ffmpeg/ffmpeg-failure.ts'
import type { VideoPlan } from '../../../src/media/model.ts'
import { encode, planSource, type Span } from './encode-run.ts'
import { createScratch, picture } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
let server: Awaited<ReturnType<typeof startSourceServer>>
let url: string
let plan: VideoPlan
let rungs: Buffer[]

/** Frames 60 to 119 of a film of 6 s: a seek leads there. */
const span = { firstFrame: 60, frames: 60 }

beforeAll(async () => {
  scratch = await createScratch()
  // Tagged as what it is to become: then the graph leaves its pictures as they are.
  const tags = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709']
  await scratch.make(
    'film.mp4',
    ...picture('320x180', '30', 6),
    '-g',
    '45',
    '-crf',
    '18',
    '-pix_fmt',
    'yuv420p',
    ...tags,
  )
  server = await startSourceServer(scratch.path)
  url = server.url('film.mp4')
  plan = (await planSource(url)).video
  rungs = (await encode(url, plan, span)).outputs
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await scratch?.[Symbol.asyncDispose]()
})

/** Lays the encoded rungs beside a span of the source. */
async function measure(at: Partial<Span> = {}, outputs = rungs, video = plan) {
  const args = qualityArgs({
    plan: video,
    firstFrame: at.firstFrame ?? span.firstFrame,
    frames: at.frames ?? span.frames,
    preroll_s: video.preroll_s,
    threads: 1,
    vmaf: false,
    input: httpInput({ url, etag: ETAG }),
  })
  const readers = outputs.map(createFiguresReader)
  const ffmpeg = runFfmpeg({
    path: 'ffmpeg',
    args,
    outputs: outputs.length,
    inputs: outputs.map((bytes) => Readable.from([bytes])),
    cwd: '/tmp',
    signal: new AbortController().signal,
    stallMs: 10_000,
    onData: (index, bytes) => readers[index]?.push(bytes),
  })
  const failure = judgeExit(await ffmpeg.done)
  if (failure) throw failure
  return readers.map((reader) => reader.finish(span.frames))
}

test('the figures of a chunk are those of its frames against the same frames of the source', async () => {
  const [top, small] = await measure()
  const sides =
    '[0:v]settb=1/30,setpts=N,split[a][b];[1:v]trim=start_frame=60:end_frame=120,settb=1/30,setpts=N,split[c][d]'
  const { stderr } = await execa(
    'ffmpeg',
    [
      ...['-nostdin', '-i', 'pipe:0', '-i', join(scratch.path, 'film.mp4')],
      ...['-lavfi', `${sides};[a][c]ssim;[b][d]psnr`],
      ...['-f', 'null', '-'],
    ],
    { input: rungs[0] ?? Buffer.alloc(0) },
  )
  expect(top?.ssim_mean).toBeCloseTo(Number(/SSIM .*All:([\d.]+)/.exec(stderr)?.[1]), 4)
  const { psnr_db, psnr_y_db } = sumFigures(top ? [top] : []) ?? {}
  expect(psnr_db).toBeCloseTo(Number(/PSNR .*average:([\d.]+)/.exec(stderr)?.[1]), 2)
  expect(psnr_y_db).toBeCloseTo(Number(/PSNR y:([\d.]+)/.exec(stderr)?.[1]), 2)
  expect(top?.ssim_min).toBeLessThan(top?.ssim_mean ?? 0)
  expect(small?.ssim_mean).toBeGreaterThan(0.95)
})

test.each([
  { codec: 'hevc', preset: 'ultrafast' },
  { codec: 'av1', preset: '12' },
] as const)('rungs in $codec have figures too', async (encoder) => {
  const other = { ...plan, encoder }
  const { outputs } = await encode(url, other, span)
  const right = await measure({}, outputs, other)
  const aside = await measure({ firstFrame: span.firstFrame + 1 }, outputs, other)
  for (const [index, rung] of right.entries()) {
    expect(rung.ssim_mean).toBeGreaterThan(0.9)
    expect(aside[index]?.ssim_mean).toBeLessThan(rung.ssim_mean - 0.02)
  }
})

test('laid one frame aside every figure falls far', async () => {
  const right = await measure()
  const aside = await measure({ firstFrame: span.firstFrame + 1 })
  for (const [index, rung] of right.entries()) {
    expect(aside[index]?.ssim_mean).toBeLessThan(rung.ssim_mean - 0.05)
    expect(aside[index]?.mse).toBeGreaterThan(10 * rung.mse)
  }
})

test('a rung that lacks a frame, or a source that does, is never given figures', async () => {
  await expect(measure({ frames: span.frames - 1 })).rejects.toThrow('59 frames were compared of 60')
  const short = (await encode(url, plan, { ...span, frames: 59 })).outputs
  await expect(measure({}, short)).rejects.toThrow('59 frames were compared of 60')
  // The film ends at frame 180.
  await expect(measure({ firstFrame: 150 })).rejects.toThrow('30 frames were compared of 60')
})

test('a source that begins too late for its chunk is found out at its first frame', async () => {
  const late = { ...plan, origin_ticks: plan.origin_ticks - 10 * ticksPerFrame(plan) }
  await expect(measure({ firstFrame: 5 }, rungs, late)).rejects.toThrow('frame 0')
})

const ticksPerFrame = ({ time_base, frame_rate }: VideoPlan) =>
  (time_base[1] * frame_rate[1]) / (time_base[0] * frame_rate[0])
