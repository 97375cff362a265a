import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { VideoPlan } from '../../../src/media/model.ts'
import { segmentStart } from '../../../src/media/plan/chunks.ts'
import { createJpegReader } from '../../../src/media/segments/jpeg-reader.ts'
import { encode, planSource, type Span } from './encode-run.ts'
import { createScratch, picture } from './scratch.ts'
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

const WHOLE: Span = { firstFrame: 0, frames: null }
const FILM = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '75', '-x264-params', 'open-gop=1']

/** The pictures of a run, by frame, without the first of a run that begins where none is due. */
async function picturesOf(url: string, plan: VideoPlan, span: Span): Promise<Map<number, Buffer>> {
  const { result, pictures } = await encode(url, plan, span)
  expect(result.exitCode).toBe(0)
  // swscale would complain of the deprecated formats.
  expect(result.stderrTail).not.toContain('swscaler')
  const every = plan.pictures?.every_frames ?? 1
  const found = new Map<number, Buffer>()
  let next = span.firstFrame
  const reader = createJpegReader({
    maxBytes: 100_000,
    onPicture: (jpeg) => {
      if (next % every === 0) found.set(next, jpeg)
      next = (Math.floor(next / every) + 1) * every
    },
  })
  reader.push(pictures)
  reader.end()
  return found
}

test('any run of a film has the pictures of a single pass, byte for byte, also taken up again', async () => {
  await scratch.make('film.mp4', ...picture('320x180', '30000/1001', 20), ...FILM)
  const url = store.url('film.mp4')
  const { video } = await planSource(url)
  // Every third GOP, as in a longer film, so that runs begin where no picture is due.
  const plan = { ...video, pictures: { every_frames: 180, width: 160, height: 90 } }
  const single = await picturesOf(url, plan, WHOLE)
  expect([...single.keys()]).toEqual([0, 180, 360, 540])
  const joined = new Map<number, Buffer>()
  for (const [index, { first_frame, frames }] of plan.chunks.entries()) {
    const whole = await picturesOf(url, plan, { firstFrame: first_frame, frames })
    const done = segmentStart(plan, index, 1)
    const rest = { firstFrame: first_frame + done, frames: frames === null ? null : frames - done }
    const resumed = await picturesOf(url, plan, rest)
    expect([...whole].filter(([frame]) => frame >= rest.firstFrame)).toEqual([...resumed])
    for (const [frame, jpeg] of whole) joined.set(frame, jpeg)
  }
  expect(joined).toEqual(single)
}, 60_000)

/** The mean red, green and blue of a JPEG, as a browser shows it: the colours of BT.601, full range. */
async function coloursOf(jpeg: Buffer): Promise<number[]> {
  const args = ['-v', 'error', '-f', 'mjpeg', '-i', 'pipe:0', '-vf', 'scale=1:1:flags=area']
  const { stdout } = await execa('ffmpeg', [...args, '-pix_fmt', 'rgb24', '-f', 'rawvideo', 'pipe:1'], {
    input: jpeg,
    encoding: 'buffer',
  })
  return [...stdout]
}

test('a picture has the colours of the film', async () => {
  for (const [name, colour] of [
    ['red', [255, 0, 0]],
    ['green', [0, 255, 0]],
    ['white', [255, 255, 255]],
  ] as const) {
    const hex = colour.map((value) => value.toString(16).padStart(2, '0')).join('')
    const source = ['-f', 'lavfi', '-i', `color=0x${hex}:s=640x360:r=10:d=0.3,format=gbrp`]
    const matrix = ['-vf', 'scale=out_color_matrix=bt709,format=yuv420p', '-colorspace', 'bt709']
    await scratch.make(`${name}.mp4`, ...source, ...matrix, '-c:v', 'libx264', '-qp', '4')
    const url = store.url(`${name}.mp4`)
    const pictures = await picturesOf(url, (await planSource(url)).video, WHOLE)
    const found = await coloursOf(pictures.get(0) ?? Buffer.alloc(0))
    for (const [index, value] of colour.entries()) {
      expect(Math.abs((found[index] ?? -99) - value), `${name}: ${found}`).toBeLessThan(8)
    }
  }
}, 30_000)

test('a film of one frame has one picture, an upright one an upright one', async () => {
  await scratch.make('frame.mp4', ...picture('180x320', '30', 0.03), '-c:v', 'libx264')
  const { video: plan } = await planSource(store.url('frame.mp4'))
  const pictures = await picturesOf(store.url('frame.mp4'), plan, WHOLE)
  expect([...pictures.keys()]).toEqual([0])
  const { stdout } = await execa(
    'ffprobe',
    ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'stream=width,height', '-f', 'mjpeg', '-i', 'pipe:0'],
    { input: pictures.get(0) ?? '' },
  )
  expect(stdout).toBe('90,160')
})

test('a run beyond the end of the source has no pictures and no frames', async () => {
  await scratch.make('short.mp4', ...picture('64x64', '10', 1), '-c:v', 'libx264')
  const { video: plan } = await planSource(store.url('short.mp4'))
  const span = { firstFrame: 20, frames: 20, preroll_s: 'from_start' as const }
  const { result, pictures } = await encode(store.url('short.mp4'), plan, span)
  expect(result).toMatchObject({ exitCode: 0, frames: 0 })
  expect(pictures).toHaveLength(0)
})
