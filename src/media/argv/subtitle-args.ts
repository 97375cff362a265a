import type { SubtitlePlan } from '../model.ts'
import { outputFd } from '../pipes.ts'
import { BARE, progressArgs, QUIET } from './run-args.ts'

/**
 * Seconds that ffmpeg adds to each cue. Its WebVTT muxer moves a whole track that begins before zero up to
 * zero, and cannot write a negative time; 100 h lie before whatever clock a source has.
 */
export const CUE_OFFSET_S = 360_000

export type SubtitleRun = {
  plan: SubtitlePlan
  /** Input options ending in `-i URL` (`httpInput`). */
  input: readonly string[]
  progressFd: number
}

/** The argv of one track of text over the whole source: WebVTT on pipe 3, in the source's own time plus `CUE_OFFSET_S`. */
export function subtitleArgs({ plan, input, progressFd }: SubtitleRun): string[] {
  return [
    ...QUIET,
    // The demuxer then skips what is no text, which is nearly all.
    ...['-vn', '-an', '-dn'],
    ...input,
    ...['-map', `0:${plan.stream_index}`, '-c:s', 'webvtt', '-output_ts_offset', String(CUE_OFFSET_S)],
    ...BARE,
    ...['-f', 'webvtt', `pipe:${outputFd(0)}`],
    ...progressArgs(progressFd),
  ]
}
