import { MAX_DURATION_S } from '../limits.ts'
import type { AudioPlan } from '../model.ts'
import { inputFd, outputFd } from '../pipes.ts'
import { decodedSoundWhitelist } from '../whitelist.ts'
import { BARE, progressArgs, QUIET } from './run-args.ts'

export type AudioRun = {
  plan: AudioPlan
  /** Input options ending in `-i URL` (`httpInput`). */
  input: readonly string[]
  progressFd: number
}

/** Seconds by which the times between two stages are moved on, since NUT has no negative ones. */
const LEAD_S = 60

/**
 * The argv that make one audio track of the whole source: AAC as fragmented MP4 on pipe 3, a fragment
 * near 4 s. A sound that may change its rate or layout is decoded by a process of its own (`source`),
 * whose output is the input of the other: at a change ffmpeg builds its filters anew, which then count
 * from the start again, and 6 s become 12 or 4.7.
 */
export function audioArgs(run: AudioRun): { args: string[]; source: string[] | null } {
  if (run.plan.stability === 'steady') return { args: oneStage(run), source: null }
  return { args: secondStage(run), source: firstStage(run) }
}

function oneStage({ plan, input, progressFd }: AudioRun): string[] {
  const filters = [fromOrigin(plan), steadied(plan)]
  return [
    ...sourceInput(plan, input),
    ...['-af', filters.join(','), '-ac', String(plan.channels)],
    ...encoded(plan, progressFd),
  ]
}

/** Decoded and brought to one rate and layout, each sample at the time that the source says. */
function firstStage({ plan, input, progressFd }: AudioRun): string[] {
  const alike = [
    `aresample=${plan.sample_rate}`,
    `aformat=sample_fmts=fltp:channel_layouts=${plan.channels === 1 ? 'mono' : 'stereo'}`,
  ]
  const filters =
    plan.stability === 'untimed'
      ? // No time at all: then samples are counted, across a change too.
        [...alike, 'asetpts=0/0']
      : [`${fromOrigin(plan)}+${LEAD_S}/TB`, ...alike, 'atrim=start_pts=0']
  return [
    ...sourceInput(plan, input),
    ...['-af', filters.join(','), '-c:a', 'pcm_f32le'],
    ...BARE,
    ...['-f', 'nut', `pipe:${outputFd(0)}`],
    ...progressArgs(progressFd),
  ]
}

function secondStage({ plan, progressFd }: AudioRun): string[] {
  const filters = [...(plan.stability === 'untimed' ? [] : [`asetpts=PTS-${LEAD_S}/TB`]), steadied(plan)]
  return [
    ...QUIET,
    ...decodedSoundWhitelist,
    ...['-i', `pipe:${inputFd(1, 0)}`, '-map', '0:0', '-af', filters.join(',')],
    ...encoded(plan, progressFd),
  ]
}

function sourceInput(plan: AudioPlan, input: readonly string[]): string[] {
  return [
    ...QUIET,
    // The demuxer then skips what is not sound, which is most of the bytes.
    ...['-vn', '-sn', '-dn'],
    ...['-threads', '1'],
    ...input,
    ...['-map', `0:${plan.stream_index}`],
  ]
}

function encoded(plan: AudioPlan, progressFd: number): string[] {
  return [
    ...['-c:a', 'aac', '-b:a', String(plan.bitrate_bps)],
    // `async` fills gaps with silence: timestamps years apart would be filled for ever.
    ...['-t', String(MAX_DURATION_S)],
    ...BARE,
    ...['-movflags', '+empty_moov+default_base_moof+delay_moov+skip_trailer', '-frag_duration', '4000000'],
    ...['-f', 'mp4', `pipe:${outputFd(0)}`],
    ...progressArgs(progressFd),
  ]
}

/**
 * Time zero becomes the grid's origin, which is divided by TB because a filter graph counts in
 * 1/sample_rate, not in the stream's time base.
 */
function fromOrigin({ origin: [numerator, denominator] }: AudioPlan): string {
  return `asetpts=PTS-round((${numerator}/${denominator})/TB)`
}

/**
 * A sound before zero is cut, a later one gets silence before it (`first_pts`), and gaps are filled
 * (`async`; 0.1 s before samples are moved hard).
 */
function steadied({ sample_rate }: AudioPlan): string {
  return `aresample=${sample_rate}:async=1:first_pts=0:min_hard_comp=0.100`
}
