import { encoders } from '../encoders/encoders.ts'
import type { Rung, VideoPlan } from '../model.ts'
import { outputFd, progressFd } from '../pipes.ts'
import { progressArgs, QUIET } from './run-args.ts'
import { lifeSign, type SourceRun, sourceArgs } from './source-args.ts'
import { videoGraph } from './video-graph.ts'

export type SampleRun = SourceRun & { frames: number }

/** Bits a second that no sample comes near to; SVT-AV1 takes no more than 100 Mb/s. */
const UNCAPPED_BPS = 95_000_000

/** How many outputs a sample has: a stream for each rung, figures for each rung but the smallest. */
export const sampleOutputs = ({ rungs }: VideoPlan): number => 2 * rungs.length - 1

/**
 * The argv that encodes a few frames as they would be, but without caps: each rung's bare stream on pipe
 * 3, 4, … to be weighed, and behind them for each rung but the smallest how like it the next smaller one
 * is when it is scaled up, as lines for `meanSsim`.
 */
export function sampleArgs(run: SampleRun): string[] {
  const { plan, firstFrame } = run
  const fd = progressFd(sampleOutputs(plan))
  return [
    ...QUIET,
    ...sourceArgs(run),
    ...['-filter_complex_threads', '1', '-filter_complex', sampleGraph(run)],
    ...plan.rungs.flatMap((rung, index) => streamOutput(run, rung, index)),
    ...plan.rungs
      .slice(1)
      .flatMap((_, index) => ['-map', `[q${index}]`, '-fps_mode', 'passthrough', '-f', 'null', '-']),
    ...lifeSign(plan, firstFrame, fd),
    ...progressArgs(fd),
  ]
}

function streamOutput({ plan, threads }: SampleRun, rung: Rung, index: number): string[] {
  const encoder = encoders[plan.encoder.codec]
  const uncapped = { ...rung, max_bitrate_bps: UNCAPPED_BPS, buffer_bits: 2 * UNCAPPED_BPS }
  const { preset } = plan.encoder
  return [
    ...['-map', `[e${index}]`],
    ...encoder.args({ rung: uncapped, preset, gopFrames: plan.gop_frames, threads }),
    ...['-fps_mode', 'passthrough', '-f', encoder.sample.muxer, `pipe:${outputFd(index)}`],
  ]
}

function sampleGraph({ plan, firstFrame, frames }: SampleRun): string {
  const pictures = videoGraph({ plan: { ...plan, pictures: null }, firstFrame, frames })
  const last = plan.rungs.length - 1
  const parts = plan.rungs.map((_, index) => {
    // To its encoder, beside the next smaller rung, and to be scaled up beside the next larger one.
    const copies = [
      `[e${index}]`,
      ...(index < last ? [`[u${index}]`] : []),
      ...(index > 0 ? [`[l${index}]`] : []),
    ]
    return `[v${index}]split=${copies.length}${copies.join('')}`
  })
  const figures = plan.rungs.slice(0, -1).map((rung, index) => detail(plan, rung, index))
  return [pictures, ...parts, ...figures].join(';')
}

function detail(plan: VideoPlan, { width, height }: Rung, index: number): string {
  const fd = outputFd(plan.rungs.length + index)
  return [
    `[l${index + 1}]scale=${width}:${height}:flags=bicubic,setsar=1[b${index}]`,
    `[b${index}][u${index}]ssim,metadata=mode=print:key=lavfi.ssim.All:file='pipe\\:${fd}'[q${index}]`,
  ].join(';')
}

/** The mean of lines such as `lavfi.ssim.All=0.987654`; null where there are none. */
export function meanSsim(report: string): number | null {
  const values = [...report.matchAll(/^lavfi\.ssim\.All=([\d.]+)$/gm)].map(([, value]) => Number(value))
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
