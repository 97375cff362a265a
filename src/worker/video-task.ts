import { ReplanError, StepladderError } from '../errors.ts'
import { requireEncoder } from '../media/ffmpeg/build.ts'
import { planSchema } from '../media/model.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { encodeChunk, type Preroll } from './encode-chunk.ts'

/**
 * Encodes a chunk. When the demuxer's seek landed after the chunk's start, so that the head is missing,
 * it is tried with a longer pre-roll, at last from the source's beginning. What even then is not exact
 * cannot be cut: the video is planned again as one piece.
 */
export async function runVideoTask(context: WorkerContext, run: TaskRun): Promise<void> {
  const { video } = planSchema.parse(run.task.plan)
  const chunk = video?.chunks[run.task.position]
  if (!video || !chunk) throw new StepladderError('bad_plan', `the plan has no chunk ${run.task.position}`)
  requireEncoder(context.codecs, video.encoder.codec)
  for (const preroll of prerolls(video)) {
    try {
      return await encodeChunk(context, run, { video, chunk, preroll })
    } catch (error) {
      if (!isHeadMissing(error)) throw error
      run.log.info({ preroll }, 'the chunk lacks its head')
    }
  }
  throw new ReplanError('cut_not_exact', 'this source cannot be cut exactly')
}

/** What is tried in turn to reach a chunk's first frame. */
export function prerolls(video: { chunks: unknown[]; preroll_s: number }): Preroll[] {
  // A source that is not cut resumes by decoding from its beginning, without a seek.
  if (video.chunks.length === 1) return ['from_start']
  return [video.preroll_s, video.preroll_s * 5, 'from_start']
}

function isHeadMissing(error: unknown): boolean {
  return error instanceof StepladderError && error.code === 'bad_head'
}
