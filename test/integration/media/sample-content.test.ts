import { afterAll, beforeAll, expect, test } from 'vitest'
import type { VideoPlan } from '../../../src/media/model.ts'
import { sampleContent } from '../../../src/media/probe/sample-content.ts'
import { planSource } from './encode-run.ts'
import { createScratch, picture } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
let server: Awaited<ReturnType<typeof startSourceServer>>

beforeAll(async () => {
  scratch = await createScratch()
  const blurred = ['-vf', 'gblur=sigma=6', '-crf', '12']
  await scratch.make('sharp.mp4', ...picture('320x180', '25', 6), '-g', '25', '-crf', '12')
  await scratch.make('blurred.mp4', ...picture('320x180', '25', 6), '-g', '25', ...blurred)
  server = await startSourceServer(scratch.path)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await scratch?.[Symbol.asyncDispose]()
})

async function sample(
  name: string,
  options: { firstFrames?: number[]; timeoutMs?: number; plan?: Partial<VideoPlan> } = {},
) {
  const url = server.url(name)
  const { video } = await planSource(url)
  const { firstFrames = [50], timeoutMs = 20_000, plan = {} } = options
  return sampleContent({
    ffmpegPath: 'ffmpeg',
    plan: { ...video, ...plan },
    firstFrames,
    frames: 50,
    url: async () => url,
    etag: ETAG,
    threads: () => 1,
    cwd: scratch.path,
    onStart: () => {},
    signal: new AbortController().signal,
    stallMs: 10_000,
    timeoutMs,
  })
}

test.each([
  { codec: 'h264', preset: 'veryfast' },
  { codec: 'hevc', preset: 'ultrafast' },
  { codec: 'av1', preset: '12' },
] as const)('a sample weighs each rung in $codec and tells how much detail a step adds', async (encoder) => {
  const [sharp] = await sample('sharp.mp4', { plan: { encoder } })
  const [blurred] = await sample('blurred.mp4', { plan: { encoder } })
  expect(sharp).toHaveLength(2)
  // More bits for more pixels, and for more detail.
  expect(sharp?.[0]?.bps).toBeGreaterThan(sharp?.[1]?.bps ?? 0)
  expect(sharp?.[0]?.bps).toBeGreaterThan(2 * (blurred?.[0]?.bps ?? 0))
  expect(sharp?.[0]?.likeness).toBeLessThan(0.97)
  expect(blurred?.[0]?.likeness).toBeGreaterThan(0.99)
  expect(sharp?.[1]?.likeness).toBeNull()
})

test('a sample is not held down by the caps of its rungs', async () => {
  const { video } = await planSource(server.url('sharp.mp4'))
  const starved = video.rungs.map((rung) => ({ ...rung, max_bitrate_bps: 10_000, buffer_bits: 20_000 }))
  expect(await sample('sharp.mp4', { plan: { rungs: starved } })).toEqual(await sample('sharp.mp4'))
})

test('a place beyond the end of the film gives no sample', async () => {
  expect(await sample('sharp.mp4', { firstFrames: [50, 5000] })).toHaveLength(1)
})

test('a sample that takes too long is given up', async () => {
  await expect(sample('sharp.mp4', { timeoutMs: 1 })).rejects.toMatchObject({ code: 'sample_too_slow' })
})
