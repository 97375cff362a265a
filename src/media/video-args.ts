import { fps } from './frame-rate.ts'
import { secondsAt } from './grid.ts'
import type { Rung, VideoPlan } from './model.ts'
import { outputFd } from './pipes.ts'
import { BARE, progressArgs, QUIET } from './run-args.ts'
import { videoGraph } from './video-graph.ts'

export type VideoRun = {
  plan: VideoPlan
  /** The run's first frame on the grid, and how many; null = to the real end of the source. */
  firstFrame: number
  frames: number | null
  /** Seconds to decode before the first frame, or everything before it. */
  preroll_s: number | 'from_start'
  /** Of the decoder and of each encoder. */
  threads: number
  /** Input options ending in `-i URL` (`httpInput`). */
  input: readonly string[]
  progressFd: number
}

/** The argv of one run: one decode, every rung as fragmented MP4 (a fragment a GOP) on pipe 3, 4, … */
export function videoArgs(run: VideoRun): string[] {
  const { plan, firstFrame, threads, input, progressFd } = run
  const seekS = seekTarget(run)
  return [
    ...QUIET,
    ...(seekS === null ? [] : seekArgs(seekS)),
    // Threaded decoding and encoding cost CPU that a second chunk on the machine uses better.
    ...['-threads', String(threads)],
    // Autorotation and the rebuilding of the graph at a change of size both reset the frame count.
    ...['-noautorotate', '-reinit_filter', '0'],
    ...input,
    ...['-filter_complex_threads', '1', '-filter_complex', videoGraph(run)],
    ...plan.rungs.flatMap((rung, index) => rungOutput(plan, rung, index, threads)),
    ...(firstFrame > 0 ? lifeSign(run) : []),
    ...progressArgs(progressFd),
  ]
}

/** Where to seek to, in seconds of the source's own clock; null where decoding begins at the start. */
function seekTarget({ plan, firstFrame, preroll_s }: VideoRun): number | null {
  if (preroll_s === 'from_start') return null
  const target = sourceTime(plan, firstFrame) - preroll_s
  return target > plan.source_start_s ? target : null
}

const sourceTime = (plan: VideoPlan, frame: number): number =>
  secondsAt(plan.origin_ticks, plan.time_base) + frame / fps(plan.frame_rate)

function seekArgs(seconds: number): string[] {
  // The pre-roll's frames are kept, since the graph trims exactly; and the target counts from the
  // source's zero, not from its first timestamp.
  return ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', seconds.toFixed(6)]
}

function rungOutput(plan: VideoPlan, rung: Rung, index: number, threads: number): string[] {
  const gop = String(plan.gop_frames)
  return [
    ...['-map', `[v${index}]`, '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high'],
    ...[
      '-crf',
      String(rung.crf),
      '-maxrate',
      String(rung.max_bitrate_bps),
      '-bufsize',
      String(rung.buffer_bits),
    ],
    // A closed GOP of fixed length: no key frame at scene cuts, so that all rungs and chunks agree.
    ...['-bf', '3', '-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-flags', '+cgop'],
    ...['-threads', String(threads)],
    // No second stage that drops or doubles: the graph's grid is final.
    ...['-fps_mode', 'passthrough'],
    ...['-video_track_timescale', String(plan.timescale)],
    ...BARE,
    // A fragment at each key frame, which is each GOP.
    ...['-movflags', '+frag_keyframe+empty_moov+default_base_moof+delay_moov+skip_trailer'],
    ...['-f', 'mp4', `pipe:${outputFd(index)}`],
  ]
}

/**
 * ffmpeg makes no progress report until every output has begun, so while the frames before the run
 * are decoded and trimmed away it looks stalled. A list of the packets read, on the progress pipe,
 * shows life (`createProgressReader` knows its lines); it ends where the run begins, or it would
 * read the source to its end. (A copy to the null muxer does not help: no report, no `out_time`.)
 */
function lifeSign({ plan, firstFrame, progressFd }: VideoRun): string[] {
  // ffmpeg takes no limit at or below zero, where a wrapped clock may begin.
  const until = Math.max(1, sourceTime(plan, firstFrame)).toFixed(6)
  return [
    ...['-map', `0:${plan.stream_index}`, '-c', 'copy', '-t', until],
    // Each line by itself: neither late nor mixed with a report.
    ...['-flush_packets', '1', '-f', 'framecrc', `pipe:${progressFd}`],
  ]
}
