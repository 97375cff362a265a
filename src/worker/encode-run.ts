import { type FfmpegResult, type FfmpegRun, runFfmpeg } from '../media/ffmpeg/ffmpeg.ts'
import { runFfmpegChain } from '../media/ffmpeg/ffmpeg-chain.ts'
import { createFragmentReader } from '../media/mp4/fragments.ts'
import { createJpegReader } from '../media/segments/jpeg-reader.ts'
import type { Segment } from '../media/segments/segment.ts'
import { DrainedError } from '../runs/settle-failure.ts'
import type { TaskRun, WorkerContext } from './context.ts'

/** Segments waiting for the store before ffmpeg is made to wait too. */
const maxUnsent = 2
/** Several times the 160×90 pixels of a picture uncompressed. */
const maxPictureBytes = 256 * 1024

/** What joins fragments into segments: the video's, every rung at once, or the audio's. */
export type Segmenter = {
  pushInit(name: string, init: Buffer): void
  pushFragment(name: string, moof: Buffer, mdat: Buffer): void
  takeReady(): Segment[]
}

/**
 * One run of ffmpeg whose outputs, one fragmented MP4 a pipe and maybe one of pictures, become segments that are stored one by
 * one while it goes on. Memory stays bounded: with two segments unsent all pipes stop, and ffmpeg
 * blocks. Returns after exit, with everything that was ready stored; what the exit and the segmenter's
 * rest mean is the caller's to judge. Throws the store's error, the run's abort reason, or
 * DrainedError once a segment was stored after the worker was asked to stop.
 */
export async function encodeRun(
  context: WorkerContext,
  run: TaskRun,
  options: {
    args: string[]
    /** Of a process before it, whose one output is the input of `args`. */
    source?: readonly string[] | null
    names: readonly string[]
    /** Takes the JPEGs of one more output, behind those of `names`. */
    onPicture?: (jpeg: Buffer) => void
    segmenter: Segmenter
    store: (segment: Segment) => Promise<void>
    onProgress: (progress: { frames: number }) => void
  },
): Promise<FfmpegResult> {
  const { segmenter, names, onPicture } = options
  const failed = new AbortController()
  const queue: Segment[] = []
  let storing: Promise<void> | null = null

  const tracks = names.map((name) =>
    createFragmentReader({
      onInit: (init) => segmenter.pushInit(name, init),
      onFragment: (moof, mdat) => segmenter.pushFragment(name, moof, mdat),
    }),
  )
  const readers = onPicture ? [...tracks, createJpegReader({ onPicture, maxBytes: maxPictureBytes })] : tracks
  const encoder: FfmpegRun = {
    path: context.config.FFMPEG_PATH,
    args: options.args,
    outputs: readers.length,
    cwd: await run.scratch(),
    onStart: run.mark,
    signal: AbortSignal.any([run.signal, failed.signal]),
    stallMs: context.config.STALL_MS,
    onData: (index, bytes) => {
      readers[index]?.push(bytes)
      enqueue(segmenter.takeReady())
    },
    onProgress: (progress) => {
      context.reach('encoding')
      options.onProgress(progress)
    },
  }
  const ffmpeg = options.source ? runFfmpegChain(encoder, options.source) : runFfmpeg(encoder)

  function enqueue(ready: Segment[]): void {
    queue.push(...ready)
    if (queue.length >= maxUnsent) ffmpeg.pause()
    if (queue.length > 0) storing ??= storeAll().finally(() => (storing = null))
  }

  async function storeAll(): Promise<void> {
    try {
      for (let segment = queue[0]; segment; segment = queue[0]) {
        await options.store(segment)
        queue.shift()
        if (run.drain.aborted) throw new DrainedError('the worker is stopping')
        if (queue.length < maxUnsent) ffmpeg.resume()
      }
    } catch (error) {
      failed.abort(error)
    }
  }

  let result: FfmpegResult
  try {
    result = await ffmpeg.done
  } finally {
    while (storing !== null) await storing
  }
  failed.signal.throwIfAborted()
  if (result.exitCode === 0) for (const reader of readers) reader.end()
  return result
}
