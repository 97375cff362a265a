import { stat, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { stderrOf } from '../../../src/errors.ts'
import { type FfmpegRun, runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { requireWholeRun } from '../../../src/media/ffmpeg/ffmpeg-failure.ts'
import { probeSource } from '../../../src/media/probe/probe.ts'
import { sourceLimits } from '../../../src/media/probe/source-limits.ts'
import { createScratch, processesWith } from './scratch.ts'

const program = join(import.meta.dirname, '../../fixtures/unruly-program.sh')
let scratch: Awaited<ReturnType<typeof createScratch>>

beforeAll(async () => {
  scratch = await createScratch()
})
afterAll(() => scratch[Symbol.asyncDispose]())

/** The last argument tells the processes of one test from all others. */
function start(args: string[], more: Partial<FfmpegRun> = {}) {
  return runFfmpeg({
    path: program,
    args: [...args, scratch.path],
    outputs: 1,
    cwd: scratch.path,
    signal: new AbortController().signal,
    stallMs: 60_000,
    onData: () => {},
    ...more,
  })
}

const mine = () => processesWith(scratch.path)

describe('a program that does not want to end', () => {
  test('is killed though it ignores SIGTERM', async () => {
    const run = start(['deaf'])
    await vi.waitFor(async () => expect(await mine()).not.toEqual([]))
    run.kill(new Error('enough'))
    await expect(run.done).rejects.toThrow('enough')
    expect(await mine()).toEqual([])
  })

  test('takes its children with it', async () => {
    const run = start(['parent'])
    await vi.waitFor(async () => expect(await processesWith('/bin/sleep\0' + '302')).toHaveLength(1))
    run.kill(new Error('enough'))
    await expect(run.done).rejects.toThrow('enough')
    await vi.waitFor(async () => expect(await processesWith('/bin/sleep\0' + '30')).toEqual([]))
  })

  test('leaves no children when it ends by itself', async () => {
    expect(await start(['deserter']).done).toMatchObject({ exitCode: 0 })
    await vi.waitFor(async () => expect(await processesWith('/bin/sleep\0' + '303')).toEqual([]))
  })
})

describe('a program that never stops talking', () => {
  test.each(['chatter', 'long-line'])(
    '(%s) fills no memory, and is ended as one that stalls',
    async (way) => {
      const before = process.memoryUsage().rss
      const ended = start([way], { stallMs: 1_000 }).done
      const error = await ended.catch((reason: unknown) => reason)
      expect(error).toMatchObject({ name: 'TransientError', code: 'ffmpeg_stalled' })
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20)
      expect(stderrOf(error)?.length).toBeLessThanOrEqual(4_000)
      expect(stderrOf(error)).not.toMatch(/secret|store\.test/)
    },
  )
})

describe('the limits of a program', () => {
  test('are set before it begins', async () => {
    const { stderrTail } = await start(['limits']).done
    const soft = (name: string) => new RegExp(`^${name} +(\\d+|unlimited)`, 'm').exec(stderrTail)?.[1]
    expect(soft('Max core file size')).toBe('0')
    expect(soft('Max file size')).toBe('0')
    expect(Number(soft('Max open files'))).toBeLessThanOrEqual(256)
    expect(Number(soft('Max address space'))).toBeGreaterThan(2 ** 35)
    expect(Number(soft('Max cpu time'))).toBeGreaterThan(12 * 3600 - 1)
  })

  test('end it when it writes a file, unless one was allowed, and then at its size', async () => {
    const refused = await start(['writer']).done
    expect(refused.signal).toBe('SIGXFSZ')
    expect(() => requireWholeRun(refused)).toThrow(expect.objectContaining({ code: 'ffmpeg_over_limit' }))
    const bounded = await start(['writer'], { maxFileBytes: 65_536 }).done
    expect(bounded.signal).toBe('SIGXFSZ')
    expect((await stat(join(scratch.path, 'written'))).size).toBe(65_536)
  })
})

describe('a program that dies', () => {
  test.each([
    ['SIGKILL', 'ffmpeg_killed'],
    ['SIGTERM', 'ffmpeg_killed'],
    ['SIGHUP', 'ffmpeg_killed'],
    ['SIGPIPE', 'ffmpeg_killed'],
    ['SIGSEGV', 'ffmpeg_crashed'],
    ['SIGABRT', 'ffmpeg_crashed'],
    ['SIGILL', 'ffmpeg_crashed'],
    ['SIGBUS', 'ffmpeg_crashed'],
    ['SIGFPE', 'ffmpeg_crashed'],
    ['SIGXCPU', 'ffmpeg_over_limit'],
    ['SIGXFSZ', 'ffmpeg_over_limit'],
  ] as const)('of %s gives %s', async (signal, code) => {
    const result = await start(['signal', String(constants.signals[signal])]).done
    expect(result).toMatchObject({ exitCode: null, signal })
    expect(() => requireWholeRun(result)).toThrow(expect.objectContaining({ name: 'TransientError', code }))
  })

  test.each([
    [69, 'corrupt_input'],
    [126, 'ffmpeg_missing'],
    [127, 'ffmpeg_missing'],
    [255, 'ffmpeg_killed'],
    [1, 'ffmpeg_failed'],
  ])('with exit code %i gives %s', async (exitCode, code) => {
    const result = await start(['exit', String(exitCode)]).done
    expect(() => requireWholeRun(result)).toThrow(expect.objectContaining({ code }))
  })

  test('before it has read its input is judged by its end, not by the pipe that broke', async () => {
    // Each end races with the next write, so it is tried for a while.
    for (let round = 0; round < 20; round++) {
      const endless = Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(65_536)
        })(),
      )
      expect(await start(['exit', '1'], { inputs: [endless] }).done).toMatchObject({ exitCode: 1 })
    }
  })

  test('or cannot be executed at all gives ffmpeg_missing', async () => {
    const result = await start([], { path: scratch.path }).done
    expect(() => requireWholeRun(result)).toThrow(expect.objectContaining({ code: 'ffmpeg_missing' }))
  })
})

describe('a probe by a program', () => {
  const probeBy = async (name: string, line: string, timeoutMs = 20_000) => {
    const path = join(scratch.path, name)
    await writeFile(path, `#!/bin/sh\nexec ${program} ${line}\n`, { mode: 0o755 })
    const source = { url: 'http://127.0.0.1:9/film', etag: 'e', sizeBytes: 1 }
    const { signal } = new AbortController()
    const limits = sourceLimits(loadConfig({}))
    return probeSource({ ffprobePath: path, ...source, cwd: scratch.path, limits, signal, timeoutMs })
  }

  test.each([
    ['signal 11', 'ffmpeg_crashed'],
    ['signal 9', 'ffmpeg_killed'],
    ['writer', 'ffmpeg_over_limit'],
    ['exit 127', 'ffmpeg_missing'],
    ['chatter', 'probe_failed'],
    ['exit 0', 'probe_failed'],
  ])('that ends by %j is not held against the source: %s', async (line, code) => {
    const failure = { name: 'TransientError', code }
    await expect(probeBy(line.replaceAll(' ', '-'), line)).rejects.toMatchObject(failure)
  })

  test('that ends by nothing is killed with its children when its time is over', async () => {
    const error = await probeBy('deaf', 'deaf', 500).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'source_unreachable' })
    expect(stderrOf(error)).toBe('ready')
    expect(await mine()).toEqual([])
  })
})
