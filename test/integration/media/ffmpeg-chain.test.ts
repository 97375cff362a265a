import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audioArgs } from '../../../src/media/argv/audio-args.ts'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { type FfmpegRun, runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { runFfmpegChain } from '../../../src/media/ffmpeg/ffmpeg-chain.ts'
import type { AudioPlan } from '../../../src/media/model.ts'
import { progressFd } from '../../../src/media/pipes.ts'
import { createScratch, processesWith, tone } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
let store: Awaited<ReturnType<typeof startSourceServer>>

beforeAll(async () => {
  scratch = await createScratch()
  store = await startSourceServer(scratch.path, {
    '/403': (_, response) => void response.writeHead(403).end(),
    '/hangs': () => {},
  })
})

afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await scratch[Symbol.asyncDispose]()
})

const never = new AbortController().signal

function argsOf(name: string, more: Partial<AudioPlan> = {}) {
  const plan: AudioPlan = {
    ...{ position: 0, stream_index: 0, language: null, title: null, default: true, channels: 2 },
    ...{ sample_rate: 48000, bitrate_bps: 128_000, origin: [0, 1], duration_s: null, stability: 'changing' },
    ...more,
  }
  const input = httpInput({ url: store.url(name), etag: ETAG })
  return audioArgs({ plan, input, progressFd: progressFd(1) })
}

function start(name: string, more: Partial<AudioPlan> = {}, signal = never) {
  const { args, source } = argsOf(name, more)
  const pieces: Buffer[] = []
  const run: FfmpegRun = {
    ...{ path: 'ffmpeg', args, outputs: 1, cwd: scratch.path, signal, stallMs: 10_000 },
    onData: (_, piece) => pieces.push(piece),
  }
  const ffmpeg = source ? runFfmpegChain(run, source) : runFfmpeg(run)
  return { ...ffmpeg, bytes: () => Buffer.concat(pieces) }
}

async function encoded(name: string, more: Partial<AudioPlan> = {}): Promise<Buffer> {
  const run = start(name, more)
  expect(await run.done).toMatchObject({ exitCode: 0, decodeErrors: 0, endedEarly: false })
  return run.bytes()
}

/** Seconds of sound in an encoded track. */
async function lengthOf(bytes: Buffer): Promise<number> {
  const path = join(scratch.path, 'length.mp4')
  await writeFile(path, bytes)
  const { stdout } = await execa('ffmpeg', ['-v', 'error', '-i', path, '-f', 's16le', '-ac', '1', '-'], {
    encoding: 'buffer',
  })
  return stdout.length / 2 / 48_000
}

test.each([
  ['the start', [0, 1]],
  ['a time within', [1, 3]],
] as const)('an ordinary sound comes out byte for byte as of one process, from %s', async (_, [n, d]) => {
  await scratch.make('ordinary.m4a', ...tone(3, 44_100), '-c:a', 'aac')
  const origin: AudioPlan['origin'] = [n, d]
  const steady = await encoded('ordinary.m4a', { stability: 'steady', origin })
  expect(await encoded('ordinary.m4a', { origin })).toEqual(steady)
  expect(await encoded('ordinary.m4a', { origin })).toEqual(steady)
})

test('a sound that changes its rate and layout keeps its length, raw or in a container', async () => {
  for (const format of ['adts', 'mpegts']) {
    const parts = [44_100, 22_050].map(async (rate, n) => {
      const layout = ['-ar', String(rate), '-ac', String(2 - n), '-c:a', 'aac', '-muxdelay', '0']
      const part = `part-${n}.${format}`
      await scratch.make(part, ...tone(3), ...layout, '-output_ts_offset', String(3 * n), '-f', format)
      return readFile(join(scratch.path, part))
    })
    await writeFile(join(scratch.path, `changes.${format}`), Buffer.concat(await Promise.all(parts)))
    const stability = format === 'adts' ? 'untimed' : 'changing'
    const length = await lengthOf(await encoded(`changes.${format}`, { stability, origin: [0, 1] }))
    // With the priming and the filled last frames of both encoders; a transport stream begins late.
    expect(length).toBeGreaterThan(6)
    expect(length).toBeLessThan(6.3)
  }
})

test('a source without a single sample ends well and with nothing', async () => {
  await scratch.make('empty.wav', ...tone(1), '-t', '0')
  const run = start('empty.wav')
  expect(await run.done).toMatchObject({ exitCode: 0, frames: 0 })
  expect(run.bytes()).toHaveLength(0)
})

test('the fault of the source is that of the whole, and no process is left', async () => {
  await expect(start('403').done).rejects.toMatchObject({ code: 'storage_refused' })
  expect(await processesWith(store.url('403'))).toEqual([])
  await writeFile(join(scratch.path, 'letter.wav'), 'no sound at all\n'.repeat(100))
  const { exitCode, stderrTail } = await start('letter.wav').done
  expect(exitCode).not.toBe(0)
  expect(stderrTail).toContain('Invalid data')
})

test('an abort ends both with its reason', async () => {
  const stop = new AbortController()
  const run = start('hangs', {}, stop.signal)
  stop.abort(new Error('enough'))
  await expect(run.done).rejects.toThrow('enough')
  expect(await processesWith(store.url('hangs'))).toEqual([])
})

test('a second that fails ends the first, and is what is told of', async () => {
  const source = argsOf('hangs').source ?? []
  const run: FfmpegRun = {
    ...{ path: 'ffmpeg', args: ['-no_such_option'], outputs: 1, cwd: scratch.path, signal: never },
    ...{ stallMs: 10_000, onData: () => {} },
  }
  expect(await runFfmpegChain(run, source).done).toMatchObject({
    exitCode: 1,
    stderrTail: expect.stringContaining('no_such_option'),
  })
  expect(await processesWith(store.url('hangs'))).toEqual([])
})

test('a reader that pauses stops both, and loses nothing', async () => {
  await scratch.make('long.wav', ...tone(60))
  const whole = await encoded('long.wav')
  const run = start('long.wav')
  run.pause()
  setTimeout(run.resume, 500)
  expect(await run.done).toMatchObject({ exitCode: 0 })
  expect(run.bytes()).toEqual(whole)
})
