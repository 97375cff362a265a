import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audioArgs } from '../../../src/media/argv/audio-args.ts'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { remuxArgs } from '../../../src/media/argv/remux-args.ts'
import { readBuild } from '../../../src/media/ffmpeg/build.ts'
import { type FfmpegRun, runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { runFfmpegChain } from '../../../src/media/ffmpeg/ffmpeg-chain.ts'
import type { AudioPlan } from '../../../src/media/model.ts'
import { progressFd } from '../../../src/media/pipes.ts'
import { encode, planSource } from './encode-run.ts'
import { createScratch, picture } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

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

const { signal } = new AbortController()

async function encodeSound(url: string, plan: AudioPlan): Promise<Buffer> {
  const bytes: Buffer[] = []
  const { args, source } = audioArgs({
    plan,
    input: httpInput({ url, etag: ETAG }),
    progressFd: progressFd(1),
  })
  const encoder: FfmpegRun = {
    path: 'ffmpeg',
    args,
    outputs: 1,
    cwd: scratch.path,
    signal,
    stallMs: 10_000,
    onData: (_, chunk) => bytes.push(chunk),
  }
  const run = source ? runFfmpegChain(encoder, source) : runFfmpeg(encoder)
  expect(await run.done).toMatchObject({ exitCode: 0, endedEarly: false })
  return Buffer.concat(bytes)
}

/** When the tone of a file begins, on the file's own clock (without `-copyts` ffmpeg moves its start to 0). */
async function soundStart(path: string): Promise<number> {
  const { stderr } = await execa('ffmpeg', [
    '-hide_banner',
    '-copyts',
    '-i',
    path,
    '-map',
    '0:a:0',
    '-af',
    'silencedetect=noise=-40dB:d=0.05',
    '-f',
    'null',
    '-',
  ])
  return Number(/silence_end: ([\d.]+)/.exec(stderr)?.[1] ?? 0)
}

test.each([
  ['with its picture', 'a.mp4', 0],
  ['0.3 s after its picture', 'b.mp4', 0.3],
  ['0.3 s after its picture in a transport stream', 'c.ts', 0.3],
])(
  'sound that begins %s does so in the result, and in the MP4',
  async (_, name, delayS) => {
    // Half a second of silence, then a tone; all of it moved by the delay.
    const sound = [
      '-itsoffset',
      String(delayS),
      '-f',
      'lavfi',
      '-i',
      'sine=frequency=440:duration=2:sample_rate=44100,adelay=500',
    ]
    const codecs = [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-c:a',
      'aac',
      '-metadata:s:a:0',
      'language=deu',
    ]
    await scratch.make(name, ...picture('64x64', '30', 3), ...sound, ...codecs)
    const url = store.url(name)
    const plan = await planSource(url)
    const [track] = plan.audio
    if (!track) throw new Error('there is sound')
    await writeFile(join(scratch.path, 'sound.mp4'), await encodeSound(url, track))
    expect(Math.abs((await soundStart(join(scratch.path, 'sound.mp4'))) - 0.5 - delayS)).toBeLessThan(0.006)

    const pictures = await encode(url, plan.video, { firstFrame: 0, frames: null })
    const output = join(scratch.path, 'film.mp4')
    const remux = runFfmpeg({
      path: 'ffmpeg',
      args: remuxArgs({ video: true, audio: plan.audio, output }),
      maxFileBytes: 100_000_000,
      outputs: 0,
      inputs: [Readable.from(pictures.outputs), createReadStream(join(scratch.path, 'sound.mp4'))],
      cwd: scratch.path,
      signal,
      stallMs: 10_000,
      onData: () => {},
    })
    expect(await remux.done).toMatchObject({ exitCode: 0 })
    const { stdout } = await execa('ffprobe', [
      '-v',
      'error',
      '-of',
      'json',
      '-show_streams',
      '-show_format',
      output,
    ])
    const found: unknown = JSON.parse(stdout)
    expect(found).toMatchObject({
      format: { start_time: '0.000000' },
      streams: [
        { codec_name: 'h264', nb_frames: '90' },
        { codec_name: 'aac', tags: { language: 'deu' }, disposition: { default: 1 } },
      ],
    })
    expect(Math.abs((await soundStart(output)) - 0.5 - delayS)).toBeLessThan(0.006)
  },
  20_000,
)

test('a build has a version and one fingerprint; a program that is no ffmpeg has none', async () => {
  const build = await readBuild('ffmpeg')
  expect(build.version).toMatch(/^\d+\.\d+|^N-/)
  expect(build.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(await readBuild('/usr/bin/ffmpeg')).toEqual(build)
  await expect(readBuild('/bin/true')).rejects.toEqual(expect.objectContaining({ code: 'ffmpeg_missing' }))
  await expect(readBuild('/no/such/program')).rejects.toEqual(
    expect.objectContaining({ code: 'ffmpeg_missing' }),
  )
})
