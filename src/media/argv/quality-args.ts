import type { VideoPlan } from '../model.ts'
import { inputFd, outputFd, progressFd } from '../pipes.ts'
import { whitelistArgs } from '../whitelist.ts'
import { progressArgs, QUIET } from './run-args.ts'
import { lifeSign, type SourceRun, sourceArgs } from './source-args.ts'
import { videoGraph } from './video-graph.ts'
import { hasVmaf, vmafFilter } from './vmaf-args.ts'

export type QualityRun = SourceRun & {
  /** How many frames were encoded from `firstFrame` on. */
  frames: number
  /** Whether this ffmpeg can tell VMAF too (`readBuild`); its logs are written where it runs (`vmafLog`). */
  vmaf: boolean
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

function qualityGraph({ plan, firstFrame, frames, vmaf }: QualityRun): string {
  // Pictures for the seek bar are no rung.
  const reference = videoGraph({ plan: { ...plan, pictures: null }, firstFrame, frames })
  return [reference, ...plan.rungs.map((rung, index) => comparison(plan, index, vmaf && hasVmaf(rung)))].join(
    ';',
  )
}

/**
 * Both sides count frames from 0: the source by its place on the grid, so that a missing head shows,
 * the rung by its order. The figures stand on the rung's frame until they are printed.
 */
function comparison({ frame_rate: [frames, seconds] }: VideoPlan, index: number, vmaf: boolean): string {
  // Neither side is held to fill up for the other.
  const sync = 'shortest=1:repeatlast=0'
  const printed = `psnr=${sync},metadata=mode=print:file='pipe\\:${outputFd(index)}'`
  return [
    vmaf ? `[v${index}]split=3[r${index}][p${index}][m${index}]` : `[v${index}]split[r${index}][p${index}]`,
    `[${index + 1}:v:0]settb=${seconds}/${frames},setpts=N,format=yuv420p[d${index}]`,
    `[d${index}][r${index}]ssim=${sync}[s${index}]`,
    ...(vmaf
      ? [
          `[s${index}][p${index}]${printed}[t${index}]`,
          `[t${index}][m${index}]${vmafFilter(index, sync)}[q${index}]`,
        ]
      : [`[s${index}][p${index}]${printed}[q${index}]`]),
  ].join(';')
}
