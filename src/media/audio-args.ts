import { MAX_DURATION_S } from './limits.ts'
import type { AudioPlan } from './model.ts'
import { outputFd } from './pipes.ts'
import { BARE, progressArgs, QUIET } from './run-args.ts'

export type AudioRun = {
  plan: AudioPlan
  /** Input options ending in `-i URL` (`httpInput`). */
  input: readonly string[]
  progressFd: number
}

/** The argv of one audio track over the whole source: AAC as fragmented MP4 on pipe 3, a fragment near 4 s. */
export function audioArgs({ plan, input, progressFd }: AudioRun): string[] {
  return [
    ...QUIET,
    // The demuxer then skips what is not sound, which is most of the bytes.
    ...['-vn', '-sn', '-dn'],
    ...['-threads', '1'],
    ...input,
    ...['-map', `0:${plan.stream_index}`, '-af', audioFilters(plan)],
    ...['-ac', String(plan.channels), '-c:a', 'aac', '-b:a', String(plan.bitrate_bps)],
    // `async` fills gaps with silence: timestamps years apart would be filled for ever.
    ...['-t', String(MAX_DURATION_S)],
    ...BARE,
    ...['-movflags', '+empty_moov+default_base_moof+delay_moov+skip_trailer', '-frag_duration', '4000000'],
    ...['-f', 'mp4', `pipe:${outputFd(0)}`],
    ...progressArgs(progressFd),
  ]
}

/**
 * Time zero becomes the grid's origin: an earlier sound is cut, a later one gets silence before it
 * (`first_pts`), and gaps are filled (`async`; 0.1 s before samples are moved hard). The origin is
 * divided by TB because a filter graph counts in 1/sample_rate, not in the stream's time base.
 */
function audioFilters({ origin: [numerator, denominator], sample_rate }: AudioPlan): string {
  return [
    `asetpts=PTS-round((${numerator}/${denominator})/TB)`,
    `aresample=${sample_rate}:async=1:first_pts=0:min_hard_comp=0.100`,
  ].join(',')
}
