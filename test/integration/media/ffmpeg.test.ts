import { getEventListeners } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { progressArgs, QUIET } from '../../../src/media/argv/run-args.ts'
import { type FfmpegRun, runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { inputFd, progressFd } from '../../../src/media/pipes.ts'
import { createScratch, picture, processesWith } from './scratch.ts'
import { ETAG, serveFile, startSourceServer } from './source-server.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
let store: Awaited<ReturnType<typeof startSourceServer>>
/** Answers of the store to one path, by turn; the last one stays. */
let turns: ((...args: Parameters<typeof serveFile>) => Promise<void>)[] = []
let turn = 0

beforeAll(async () => {
  scratch = await createScratch()
  await scratch.make(
    'film.mp4',
    ...picture('640x360', '30', 10),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-b:v',
    '4M',
    // So that it is read from front to end by one request.
    ...['-movflags', '+faststart'],
  )
  store = await startSourceServer(scratch.path, {
    '/moody': (request, response) => {
      const answer = turns[Math.min(turn, turns.length - 1)] ?? serveFile
      turn += 1
      return answer(join(scratch.path, 'film.mp4'), request, response)
    },
    '/hangs': () => {},
  })
})

afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await scratch[Symbol.asyncDispose]()
})

/** Sends so much of the file and then drops or holds the connection. */
const part =
  (bytes: number, then: 'drop' | 'hold'): typeof serveFile =>
  async (path, request, response) => {
    const whole = await readFile(path)
    const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const head = {
      'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}`,
      'accept-ranges': 'bytes',
    }
    response.writeHead(206, { ...head, 'content-length': whole.length - start })
    response.write(whole.subarray(start, start + bytes), () => then === 'drop' && response.destroy())
  }

const refuse =
  (status: number): typeof serveFile =>
  async (_path, _request, response) =>
    void response.writeHead(status).end()

const moody = (...answers: typeof turns) => {
  turns = answers
  turn = 0
  return 'moody'
}

/** Decodes a source of the store to raw video on one pipe. */
function decode(name: string, more: Partial<FfmpegRun> = {}) {
  const { signal } = new AbortController()
  const args = [
    ...QUIET,
    ...httpInput({ url: store.url(name), etag: ETAG }),
    ...['-map', '0:v', '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:3', ...progressArgs(progressFd(1))],
  ]
  return runFfmpeg({
    path: 'ffmpeg',
    args,
    outputs: 1,
    cwd: scratch.path,
    signal,
    stallMs: 10_000,
    onData: () => {},
    ...more,
  })
}

const failure = (name: string, code: string) => expect.objectContaining({ name, code })
const FRAME = 640 * 360

describe('a run', () => {
  test('hands over every byte and counts the frames', async () => {
    const onProgress = vi.fn()
    let bytes = 0
    const run = decode('film.mp4', { onProgress, onData: (_, chunk) => (bytes += chunk.length) })
    const result = await run.done
    const sound = { endedEarly: false, fileIsCut: false, stderrTail: '' }
    const clean = { exitCode: 0, signal: null, decodeErrors: 0, ...sound }
    expect(result).toEqual({ ...clean, frames: 300 })
    expect(bytes).toBe(300 * FRAME)
    expect(onProgress).toHaveBeenLastCalledWith(expect.objectContaining({ frames: 300 }))
  })

  test('starts ffmpeg with an empty environment, in a process group of its own', async () => {
    const run = decode('hangs')
    const [id] = await vi.waitFor(async () => {
      const ids = await processesWith(store.url('hangs'))
      expect(ids).toHaveLength(1)
      expect(await readFile(`/proc/${ids[0]}/comm`, 'utf8')).toBe('ffmpeg\n')
      return ids
    })
    expect(await readFile(`/proc/${id}/environ`, 'utf8')).toBe('')
    const stat = await readFile(`/proc/${id}/stat`, 'utf8')
    expect(stat.split(' ')[4]).toBe(id)
    run.kill()
    await expect(run.done).rejects.toEqual(failure('TransientError', 'ffmpeg_killed'))
  })

  test('tells the exit code and the last words of a failure', async () => {
    await writeFile(join(scratch.path, 'noise'), 'no film')
    const result = await decode('noise').done
    expect(result.exitCode).toBe(1)
    expect(result.stderrTail).toContain('<store>/noise: Invalid data found')
    expect(result.stderrTail).not.toMatch(/Signature|127\.0\.0\.1/)
  })

  test('counts the packets that a damaged file loses', async () => {
    const bytes = await readFile(join(scratch.path, 'film.mp4'))
    bytes.fill(0xa5, 1_000_000, 1_060_000)
    await writeFile(join(scratch.path, 'damaged'), bytes)
    const result = await decode('damaged').done
    expect(result.exitCode).toBe(0)
    expect(result.decodeErrors).toBeGreaterThan(0)
  })

  test('of an ffmpeg that is not there fails', async () => {
    await expect(
      decode('film.mp4', { path: 'ffmpeg-is-not-here' }).done.then(({ exitCode }) => exitCode),
    ).resolves.toBeGreaterThan(0)
  })
})

describe('a connection that drops', () => {
  test('once is mended, and not held against the source', async () => {
    const result = await decode(moody(part(400_000, 'drop'), serveFile)).done
    expect(result).toMatchObject({ exitCode: 0, frames: 300, endedEarly: false })
  })

  test('before a 412 ends the run: the object was replaced', async () => {
    await expect(decode(moody(part(400_000, 'drop'), refuse(412))).done).rejects.toEqual(
      failure('PermanentError', 'source_changed'),
    )
    expect(await processesWith(store.url('moody'))).toEqual([])
  })

  test('before a 403 ends the run at once, instead of a short output after twelve seconds', async () => {
    const started = performance.now()
    await expect(decode(moody(part(400_000, 'drop'), refuse(403))).done).rejects.toEqual(
      failure('TransientError', 'storage_refused'),
    )
    expect(performance.now() - started).toBeLessThan(3000)
  })
})

describe('a run is ended', () => {
  test('when nothing grows for too long', async () => {
    await expect(decode(moody(part(400_000, 'hold')), { stallMs: 600 }).done).rejects.toEqual(
      failure('TransientError', 'ffmpeg_stalled'),
    )
    expect(await processesWith(store.url('moody'))).toEqual([])
  })

  test('by its signal, whose reason it rejects with, and leaves no listener and no process', async () => {
    const controller = new AbortController()
    const run = decode('hangs', { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('enough')), 150)
    await expect(run.done).rejects.toThrow('enough')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    expect(await processesWith(store.url('hangs'))).toEqual([])
  })

  test('before it began by a signal that was aborted', async () => {
    const before = store.requests.length
    await expect(
      decode('film.mp4', { signal: AbortSignal.abort(new Error('too late')) }).done,
    ).rejects.toThrow('too late')
    expect(store.requests).toHaveLength(before)
  })

  test.each(['onData', 'onProgress'])('by an exception in %s, which it rejects with', async (callback) => {
    const fail = () => {
      throw new Error('the disk is full')
    }
    await expect(decode('film.mp4', { [callback]: fail }).done).rejects.toThrow('the disk is full')
    expect(await processesWith(store.url('film.mp4'))).toEqual([])
  })

  test('while it is paused, too', async () => {
    const run = decode('film.mp4')
    run.pause()
    setTimeout(() => run.kill(new Error('enough')), 150)
    await expect(run.done).rejects.toThrow('enough')
  })

  test('leaves no listener on its signal when it ends by itself', async () => {
    const { signal } = new AbortController()
    await decode('film.mp4', { signal }).done
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  test('by the kernel when our own process is killed with SIGKILL', async () => {
    const script = `
      import { runFfmpeg } from ${JSON.stringify(join(import.meta.dirname, '../../../src/media/ffmpeg/ffmpeg.ts'))}
      const args = ['-nostdin', '-rw_timeout', '20000000', '-i', ${JSON.stringify(store.url('hangs?orphan'))}, '-f', 'null', 'pipe:3']
      runFfmpeg({ path: 'ffmpeg', args, outputs: 1, cwd: '/', signal: new AbortController().signal, stallMs: 60000, onData() {} })`
    const before = store.requests.length
    const parent = execa(process.execPath, ['--input-type=module', '--eval', script], { reject: false })
    const mine = async () => (await processesWith('hangs?orphan')).filter((id) => id !== String(parent.pid))
    // Once it reads the source it has said all it has to say, and no broken pipe ends it.
    await vi.waitFor(() => expect(store.requests.length).toBeGreaterThan(before), 5000)
    expect(await mine()).toHaveLength(1)
    parent.kill('SIGKILL')
    await parent
    await vi.waitFor(async () => expect(await mine()).toEqual([]), 5000)
  })
})

test('a paused run hands over nothing, is no stall, and loses nothing when it goes on', async () => {
  let bytes = 0
  const run = decode('film.mp4', {
    stallMs: 1000,
    onData: (_, chunk) => {
      bytes += chunk.length
      if (bytes === chunk.length) run.pause()
    },
  })
  await vi.waitFor(() => expect(bytes).toBeGreaterThan(0), 5000)
  const before = bytes
  await new Promise((resolve) => setTimeout(resolve, 1600))
  expect(bytes).toBe(before)
  expect(await processesWith(store.url('film.mp4'))).toHaveLength(1)
  run.resume()
  await run.done
  expect(bytes).toBe(300 * FRAME)
})

describe('an input that we feed', () => {
  const copy = (input: Readable) =>
    runFfmpeg({
      path: 'ffmpeg',
      args: [
        '-nostdin',
        '-f',
        'rawvideo',
        '-s',
        '16x16',
        '-pix_fmt',
        'gray',
        '-i',
        `pipe:${inputFd(1, 0)}`,
        '-f',
        'rawvideo',
        'pipe:3',
        ...progressArgs(progressFd(1)),
      ],
      outputs: 1,
      inputs: [input],
      cwd: scratch.path,
      signal: new AbortController().signal,
      stallMs: 5000,
      onData: () => {},
    })

  test('reaches ffmpeg whole', async () => {
    expect(await copy(Readable.from(Array(50).fill(Buffer.alloc(256)))).done).toMatchObject({
      exitCode: 0,
      frames: 50,
    })
  })

  test('ends the run with its own fault', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.alloc(256)
        throw new Error('the segment is gone')
      })(),
    )
    await expect(copy(broken).done).rejects.toThrow('the segment is gone')
  })
})
