import type { VideoPlan } from './model.ts'
import { inputFd, outputFd, progressFd } from './pipes.ts'
import { progressArgs, QUIET } from './run-args.ts'
import { lifeSign, type SourceRun, sourceArgs } from './source-args.ts'
import { videoGraph } from './video-graph.ts'
import { whitelistArgs } from './whitelist.ts'

export type QualityRun = SourceRun & {
  /** How many frames were encoded from `firstFrame` on. */
  frames: number
}

/**
 * The argv that compares each rung with the source, frame by frame: the pictures that its encoder was
 * given against what its segments decode to. The segments (init first) are fed to
 * `inputFd(rungs, 0)` …; the figures of each rung come as lines on pipe 3, 4, … (`createFiguresReader`).
 */
export function qualityArgs(run: QualityRun): string[] {
  const { plan, firstFrame } = run
  const rungs = plan.rungs.length
  return [
    ...QUIET,
    ...sourceArgs(run),
    ...plan.rungs.flatMap((_, index) => rungInput(rungs, index)),
    ...['-filter_complex_threads', '1', '-filter_complex', qualityGraph(run)],
    ...plan.rungs.flatMap((_, index) => [
      // No second stage that drops or doubles, as in the encode.
      ...['-map', `[q${index}]`, '-fps_mode', 'passthrough', '-f', 'null', '-'],
    ]),
    ...lifeSign(plan, firstFrame, progressFd(rungs)),
    ...progressArgs(progressFd(rungs)),
  ]
}

const rungInput = (rungs: number, index: number): string[] => [
  // ffmpeg sleeps 10 ms whenever the queue of one input of several is empty; packets are small.
  ...['-thread_queue_size', '64', '-threads', '1'],
  ...whitelistArgs('ffmpeg', 'pipe'),
  ...['-i', `pipe:${inputFd(rungs, index)}`],
]

function qualityGraph({ plan, firstFrame, frames }: QualityRun): string {
  // Pictures for the seek bar are no rung.
  const reference = videoGraph({ plan: { ...plan, pictures: null }, firstFrame, frames })
  return [reference, ...plan.rungs.map((_, index) => comparison(plan, index))].join(';')
}

/**
 * Both sides count frames from 0: the source by its place on the grid, so that a missing head shows,
 * the rung by its order. The figures stand on the rung's frame until they are printed.
 */
function comparison({ frame_rate: [frames, seconds] }: VideoPlan, index: number): string {
  // Neither side is held to fill up for the other.
  const sync = 'shortest=1:repeatlast=0'
  return [
    `[v${index}]split[r${index}][p${index}]`,
    `[${index + 1}:v:0]settb=${seconds}/${frames},setpts=N,format=yuv420p[d${index}]`,
    `[d${index}][r${index}]ssim=${sync}[s${index}]`,
    `[s${index}][p${index}]psnr=${sync},metadata=mode=print:file='pipe\\:${outputFd(index)}'[q${index}]`,
  ].join(';')
}
