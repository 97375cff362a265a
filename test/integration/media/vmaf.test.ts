import { Readable } from 'node:stream'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { qualityArgs } from '../../../src/media/argv/quality-args.ts'
import { maxVmafLogBytes } from '../../../src/media/argv/vmaf-args.ts'
import { createFiguresReader } from '../../../src/media/checks/quality-figures.ts'
import { readBuild } from '../../../src/media/ffmpeg/build.ts'
import { runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { judgeExit } from '../../../src/media/ffmpeg/ffmpeg-failure.ts'
import type { VideoPlan } from '../../../src/media/model.ts'
import { readVmaf } from '../../../src/worker/read-vmaf.ts'
import { ffmpegForVmaf, listsVmaf } from '../../support/ffmpeg-with-vmaf.ts'
import { encode, planSource } from './encode-run.ts'
import { createScratch, picture } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

const hasLibvmaf = await listsVmaf(ffmpegForVmaf)

let scratch: Awaited<ReturnType<typeof createScratch>>
let server: Awaited<ReturnType<typeof startSourceServer>>
let url: string
let plan: VideoPlan
let rungs: Buffer[]

beforeAll(async () => {
  scratch = await createScratch()
  // Tagged as what it is to become: then the graph leaves its pictures as they are.
  const tags = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709']
  await scratch.make('film.mp4', ...picture('320x180', '30', 2), '-crf', '18', '-pix_fmt', 'yuv420p', ...tags)
  server = await startSourceServer(scratch.path)
  url = server.url('film.mp4')
  const { video } = await planSource(url)
  const [top] = video.rungs
  if (!top) throw new Error('there is a rung')
  // And one that libvmaf would end the program for.
  plan = { ...video, rungs: [top, { ...top, name: '16p', width: 28, height: 16 }] }
  rungs = (await encode(url, plan, { firstFrame: 0, frames: 60 })).outputs
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await scratch?.[Symbol.asyncDispose]()
})

/** Compares the clip with what was made of it, as a quality task does. */
async function measure(vmaf: boolean, firstFrame = 0) {
  const readers = rungs.map(createFiguresReader)
  const ffmpeg = runFfmpeg({
    path: ffmpegForVmaf,
    args: qualityArgs({
      ...{ plan, firstFrame, frames: 60, preroll_s: plan.preroll_s, threads: 1, vmaf },
      input: httpInput({ url, etag: ETAG }),
    }),
    outputs: rungs.length,
    inputs: rungs.map((bytes) => Readable.from([bytes])),
    cwd: scratch.path,
    maxFileBytes: maxVmafLogBytes(60),
    signal: new AbortController().signal,
    stallMs: 10_000,
    onData: (index, bytes) => readers[index]?.push(bytes),
  })
  const failure = judgeExit(await ffmpeg.done)
  if (failure) throw failure
  return readers.map((reader) => reader.finish(60))
}

test('a build knows whether it can tell VMAF, and SSIM and PSNR are there either way', async () => {
  const { vmaf } = await readBuild(ffmpegForVmaf)
  expect(vmaf).toBe(hasLibvmaf)
  const [top, tiny] = await measure(vmaf)
  expect(top?.ssim_mean).toBeGreaterThan(0.95)
  expect(tiny?.mse).toBeGreaterThan(0)
  if (!hasLibvmaf) await expect(readVmaf(scratch.path, 0, 60)).rejects.toThrow('ENOENT')
  await expect(readVmaf(scratch.path, 1, 60)).rejects.toThrow('ENOENT')
})

test.runIf(hasLibvmaf)('VMAF is that of the same frames laid beside each other by hand', async () => {
  await measure(true)
  const { mean, min } = await readVmaf(scratch.path, 0, 60)
  const sides = '[0:v]settb=1/30,setpts=N[a];[1:v]settb=1/30,setpts=N[b]'
  const { stderr } = await execa(
    ffmpegForVmaf,
    [
      ...['-nostdin', '-i', 'pipe:0', '-i', `${scratch.path}/film.mp4`],
      ...['-lavfi', `${sides};[a][b]libvmaf`, '-f', 'null', '-'],
    ],
    { input: rungs[0] ?? Buffer.alloc(0) },
  )
  expect(mean).toBeCloseTo(Number(/VMAF score: ([\d.]+)/.exec(stderr)?.[1]), 4)
  expect(mean).toBeGreaterThan(80)
  expect(min).toBeLessThan(mean)
  await expect(readVmaf(scratch.path, 0, 59)).rejects.toThrow('frame')
})
