import { encoders } from '../encoders/encoders.ts'
import type { Rung, VideoPlan } from '../model.ts'
import { outputFd } from '../pipes.ts'
import { pictureOutput } from './picture-args.ts'
import { BARE, progressArgs, QUIET } from './run-args.ts'
import { lifeSign, type SourceRun, sourceArgs } from './source-args.ts'
import { videoGraph } from './video-graph.ts'

export type VideoRun = SourceRun & {
  /** How many frames; null = to the real end of the source. */
  frames: number | null
  progressFd: number
}

/** How many outputs a run has. */
export const videoOutputs = ({ rungs, pictures }: VideoPlan): number => rungs.length + (pictures ? 1 : 0)

/**
 * The argv of one run: one decode, every rung as fragmented MP4 (a fragment a GOP) on pipe 3, 4, …, and
 * behind them the pictures for the seek bar, JPEGs one after another.
 */
export function videoArgs(run: VideoRun): string[] {
  const { plan, firstFrame, threads, progressFd } = run
  return [
    ...QUIET,
    ...sourceArgs(run),
    ...['-filter_complex_threads', '1', '-filter_complex', videoGraph(run)],
    ...plan.rungs.flatMap((rung, index) => rungOutput(plan, rung, index, threads)),
    ...pictureOutput(plan),
    ...lifeSign(plan, firstFrame, progressFd),
    ...progressArgs(progressFd),
  ]
}

function rungOutput(plan: VideoPlan, rung: Rung, index: number, threads: number): string[] {
  const { codec, preset } = plan.encoder
  return [
    ...['-map', `[v${index}]`],
    ...encoders[codec].args({ rung, preset, gopFrames: plan.gop_frames, threads }),
    // No second stage that drops or doubles: the graph's grid is final.
    ...['-fps_mode', 'passthrough'],
    ...['-video_track_timescale', String(plan.timescale)],
    ...BARE,
    // A fragment at each key frame, which is each GOP.
    ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof+delay_moov+skip_trailer'],
    ...['-f', 'mp4', `pipe:${outputFd(index)}`],
  ]
}
