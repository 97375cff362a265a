import type { VideoPlan } from '../model.ts'
import { fps } from '../plan/frame-rate.ts'
import { secondsAt } from '../plan/grid.ts'

/** Where a run enters the source. */
export type SourceRun = {
  plan: VideoPlan
  /** The run's first frame on the grid. */
  firstFrame: number
  /** Seconds to decode before the first frame, or everything before it. */
  preroll_s: number | 'from_start'
  /** Of the decoder, and of each encoder. */
  threads: number
  /** Input options ending in `-i URL` (`httpInput`). */
  input: readonly string[]
}

/** The source as the first input of a run whose graph is `videoGraph`. */
export function sourceArgs(run: SourceRun): string[] {
  const seekS = seekTarget(run)
  return [
    ...(seekS === null ? [] : seekArgs(seekS)),
    // Threaded decoding and encoding cost CPU that a second chunk on the machine uses better.
    ...['-threads', String(run.threads)],
    // Autorotation and the rebuilding of the graph at a change of size both reset the frame count.
    ...['-noautorotate', '-reinit_filter', '0'],
    ...run.input,
  ]
}

/** Where to seek to, in seconds of the source's own clock; null where decoding begins at the start. */
function seekTarget({ plan, firstFrame, preroll_s }: SourceRun): number | null {
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

/**
 * ffmpeg makes no progress report until every output has begun, so while the frames before the run
 * are decoded and trimmed away it looks stalled. A list of the packets read, on the progress pipe,
 * shows life (`createProgressReader` knows its lines); it ends where the run begins, or it would
 * read the source to its end. (A copy to the null muxer does not help: no report, no `out_time`.)
 * Nothing where there is nothing before the run.
 */
export function lifeSign(plan: VideoPlan, firstFrame: number, progressFd: number): string[] {
  if (firstFrame === 0) return []
  // ffmpeg takes no limit at or below zero, where a wrapped clock may begin.
  const until = Math.max(1, sourceTime(plan, firstFrame)).toFixed(6)
  return [
    ...['-map', `0:${plan.stream_index}`, '-c', 'copy', '-t', until],
    // Each line by itself: neither late nor mixed with a report.
    ...['-flush_packets', '1', '-f', 'framecrc', `pipe:${progressFd}`],
  ]
}
