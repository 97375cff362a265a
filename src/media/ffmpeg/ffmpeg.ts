import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import { PermanentError, TransientError, withStderr } from '../../errors.ts'
import { inputFd, outputFd, progressFd } from '../pipes.ts'
import { createLineReader } from './bounded-lines.ts'
import type { Ending } from './ffmpeg-failure.ts'
import { createProgressReader, type FfmpegProgress } from './ffmpeg-progress.ts'
import { createStderrWatch, httpStatusOf } from './ffmpeg-stderr.ts'
import { CONFINED, endingOf, launchCommand } from './launch.ts'
import { createStallWatch } from './stall-watch.ts'

export type FfmpegRun = {
  path: string
  args: readonly string[]
  /** How many output pipes (`outputFd(0)` …); the progress report is on the pipe after them. */
  outputs: number
  /** Streams fed to `inputFd(outputs, 0)` … */
  inputs?: readonly Readable[]
  /** A scratch directory. */
  cwd: string
  /** The largest file it may write there; none unless given. */
  maxFileBytes?: number
  /** Told the process's id at once. */
  onStart?: (pid: number) => void
  signal: AbortSignal
  /** Kill it after so long without a new frame or a later time; reports come twice a second. */
  stallMs: number
  /** Called in order per output. An exception kills ffmpeg and is what `done` rejects with. */
  onData: (index: number, chunk: Buffer) => void
  /** Called only when something has grown. */
  onProgress?: (progress: FfmpegProgress) => void
}

export type FfmpegResult = Ending & {
  /** Frames of the first output. */
  frames: number
  /** Packets that could not be decoded. */
  decodeErrors: number
  /** The source's connection ended before its promised length; the output may be short in spite of exit 0. */
  endedEarly: boolean
  /** It ended early because the file itself does: its reader said so, and nothing befell the connection. */
  fileIsCut: boolean
  /** The last 40 lines, without addresses. */
  stderrTail: string
}

export type FfmpegProcess = {
  /**
   * Settles when the process is gone and every byte was handed over. Rejects with the signal's
   * reason, with what a callback threw, with `source_changed` (permanent), `storage_refused` or
   * `ffmpeg_stalled`; how it ended by itself is for `judgeExit`.
   */
  done: Promise<FfmpegResult>
  /**
   * Stops reading the outputs, so that ffmpeg blocks and memory stays bounded; the stall watch waits
   * meanwhile. Should it exit while paused, what the kernel still holds is handed over all the same.
   */
  pause: () => void
  resume: () => void
  /** Kills the process group at once; `done` then rejects with `reason` (default `ffmpeg_killed`). */
  kill: (reason?: unknown) => void
}

const MAX_LINE = 2000

/** Runs one ffmpeg, its outputs read from pipes; nothing of it outlives `done`. */
export function runFfmpeg(run: FfmpegRun): FfmpegProcess {
  if (run.signal.aborted) return neverStarted(run.signal.reason)
  const { outputs, inputs = [], signal } = run
  const subprocess = start(run)
  if (subprocess.pid !== undefined) run.onStart?.(subprocess.pid)
  const streams = subprocess.nodeChildProcess.stdio
  let failure: { reason: unknown } | null = null
  let gone = false

  const kill = (reason: unknown = new TransientError('ffmpeg_killed', 'ffmpeg was stopped')) => {
    if (gone) return // its process id may be another's by now
    failure ??= { reason }
    subprocess.kill('SIGKILL')
    for (const input of inputs) input.destroy()
  }
  const guarded =
    <Args extends unknown[]>(callback: (...args: Args) => void) =>
    (...args: Args) => {
      if (failure) return
      try {
        callback(...args)
      } catch (error) {
        kill(error)
      }
    }

  const watch = createStallWatch(run.stallMs, () => kill(stalled(run.stallMs)))
  const stderr = createStderrWatch()
  const progress = createProgressReader({
    onGrowth(state) {
      watch.grew()
      run.onProgress?.(state)
    },
    onLife: watch.grew,
  })
  const outputStreams = Array.from({ length: outputs }, (_, index) => readable(streams[outputFd(index)]))
  outputStreams.forEach((stream, index) => {
    stream.on(
      'data',
      guarded((chunk: Buffer) => run.onData(index, chunk)),
    )
  })
  readLines(readable(streams[progressFd(outputs)]), guarded(progress.line))
  // What it says after a kill may tell why it had to be killed.
  readLines(readable(streams[2]), (line) => {
    stderr.line(line)
    const refusal = refusalOf(line)
    if (refusal) kill(refusal)
  })
  // A child that outlives it would hold our pipes open, and `done` with them.
  subprocess.nodeChildProcess.once('exit', () => subprocess.kill('SIGKILL'))
  const fed = inputs.map((input, index) => feed(input, writable(streams[inputFd(outputs, index)]), kill))
  const onAbort = () => kill(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })

  const finish = async (): Promise<FfmpegResult> => {
    const result = await subprocess
    gone = true
    watch.suspend()
    signal.removeEventListener('abort', onAbort)
    await Promise.all(fed)
    if (failure) throw withStderr(failure.reason, stderr.report().stderrTail)
    const report = stderr.report()
    return { ...endingOf(result, report.stderrTail), frames: progress.frames(), ...report }
  }

  return {
    done: finish(),
    pause() {
      watch.suspend()
      for (const stream of outputStreams) stream.pause()
    },
    resume() {
      if (failure || gone) return
      watch.resume()
      for (const stream of outputStreams) stream.resume()
    },
    kill,
  }
}

function start({ path, args, outputs, inputs = [], cwd, maxFileBytes = 0 }: FfmpegRun) {
  const outputPipes = Array.from({ length: outputs }, () => 'pipe' as const)
  const inputPipes = inputs.map(() => ({ value: 'pipe', input: true }) as const)
  return execa(...launchCommand(path, args, { maxFileBytes, cwd }), {
    ...CONFINED,
    cwd,
    buffer: false,
    stdio: ['ignore', 'ignore', 'pipe', ...outputPipes, 'pipe', ...inputPipes],
  })
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  const reader = createLineReader(MAX_LINE, onLine)
  stream.on('data', (chunk: Buffer) => reader.push(chunk))
  stream.on('end', reader.end)
}

/** Feeds one input; the fault of a source ends the run, while a reader that had enough is no fault. */
async function feed(input: Readable, sink: Writable, kill: (reason: unknown) => void): Promise<void> {
  let fault: unknown = null
  input.once('error', (error) => {
    // Of a sink that is gone `pipeline` tells the input as an error, too.
    if (!sink.destroyed) fault = error
  })
  try {
    await pipeline(input, sink)
  } catch {
    if (fault) kill(fault) // else the process went away first, of which its exit code tells
  }
}

/**
 * ffmpeg gives up after a refusal with exit 0 and a short output, having tried for 12 s; so the
 * first such line ends the run. 412 = the object is not the one of our If-Match.
 */
function refusalOf(line: string): Error | null {
  const status = httpStatusOf(line)
  if (status === null) return null
  if (status === 412)
    return new PermanentError('source_changed', 'the source was replaced since it was submitted')
  return new TransientError('storage_refused', `the store refused to give the source (HTTP ${status})`)
}

const stalled = (stallMs: number) =>
  new TransientError('ffmpeg_stalled', `ffmpeg made no progress for ${Math.round(stallMs / 1000)} s`)

function neverStarted(reason: unknown): FfmpegProcess {
  return { done: Promise.reject(reason), pause: () => {}, resume: () => {}, kill: () => {} }
}

function readable(stream: unknown): Readable {
  if (stream instanceof Readable) return stream
  throw new TypeError('a pipe of ffmpeg cannot be read')
}

function writable(stream: unknown): Writable {
  if (stream instanceof Writable) return stream
  throw new TypeError('a pipe of ffmpeg cannot be written')
}
