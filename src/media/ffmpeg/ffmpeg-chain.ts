import { PassThrough } from 'node:stream'
import { type FfmpegProcess, type FfmpegResult, type FfmpegRun, runFfmpeg } from './ffmpeg.ts'

/** What may wait between the two: a second and a half of 48 kHz stereo as floats. */
const BUFFER_BYTES = 2 ** 19

/** The headers of a NUT file are some 240 bytes; this much more of samples lasts 2 ms. */
const EMPTY_BYTES = 1024

/**
 * Two runs of ffmpeg as one: what the first (`sourceArgs`, one output) writes is the only input of the
 * second (`run`, told as for `runFfmpeg`). A pause stops both: the second blocks, then the first. The
 * result is the second's, with what the first said of the source; or the first's where it failed or
 * had nothing to tell.
 */
export function runFfmpegChain(run: FfmpegRun, sourceArgs: readonly string[]): FfmpegProcess {
  const between = new PassThrough({ highWaterMark: BUFFER_BYTES })
  const enough = new Error('nobody reads on')
  let bytes = 0
  const { path, cwd, onStart, signal, stallMs } = run
  const source = runFfmpeg({
    ...{ path, args: sourceArgs, outputs: 1, cwd, signal, stallMs },
    ...(onStart && { onStart }),
    onData: (_, chunk) => {
      bytes += chunk.length
      if (!between.write(chunk)) source.pause()
    },
  })
  between.on('drain', source.resume)
  const encoder = runFfmpeg({ ...run, inputs: [between] })
  // The fault of the first reaches the second as that of its input, and ends it.
  source.done.then(
    () => between.end(),
    (reason) => between.destroy(reason),
  )

  async function finish(): Promise<FfmpegResult> {
    const [encoded] = await Promise.allSettled([encoder.done])
    source.kill(enough)
    const [read] = await Promise.allSettled([source.done])
    if (read.status === 'rejected' && read.reason !== enough) throw read.reason
    if (encoded.status === 'rejected') throw encoded.reason
    return read.status === 'rejected' ? encoded.value : joined(read.value, encoded.value, bytes)
  }

  return {
    done: finish(),
    pause: encoder.pause,
    resume: encoder.resume,
    kill: (reason) => {
      source.kill(reason)
      encoder.kill(reason)
    },
  }
}

function joined(read: FfmpegResult, encoded: FfmpegResult, bytes: number): FfmpegResult {
  // Of an empty input the second says that it is no media file.
  if (read.exitCode !== 0 || bytes < EMPTY_BYTES) return read
  const { decodeErrors, endedEarly, fileIsCut } = read
  const stderrTail = [read.stderrTail, encoded.stderrTail].filter(Boolean).join('\n')
  return { ...encoded, decodeErrors, endedEarly, fileIsCut, stderrTail }
}
