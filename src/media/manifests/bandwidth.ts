/** A segment as its playlist counts it: all its bytes, headers included. */
export type WeighedSegment = { bytes: number; duration_s: number }

/** Sums of decimal durations are off by some 1e-12 s; a run may not fall out of its bounds for that. */
const EPSILON_S = 1e-6

/**
 * The two bit rates of a media playlist (RFC 8216 §4.1), rounded up to whole bits a second. Average: all
 * bits over all time. Peak: the highest rate of any run of segments that lasts 0.5 to 1.5 target
 * durations; the average where no run does, and never below it.
 *
 * For each end of a run only the starts within 1.5 target durations before it are looked at, one or two
 * where segments last about a target duration: the time is linear in the segments.
 */
export function measureBandwidth(
  segments: readonly WeighedSegment[],
  targetDuration_s: number,
): { peakBps: number; averageBps: number } {
  let peak = 0
  const total = { bytes: 0, duration_s: 0 }
  for (const [last, segment] of segments.entries()) {
    total.bytes += segment.bytes
    total.duration_s += segment.duration_s
    peak = Math.max(peak, peakOfRunsEndingAt(segments, last, targetDuration_s))
  }
  const average = bitRate(total.bytes, total.duration_s)
  return { peakBps: Math.ceil(Math.max(peak, average)), averageBps: Math.ceil(average) }
}

function peakOfRunsEndingAt(
  segments: readonly WeighedSegment[],
  last: number,
  targetDuration_s: number,
): number {
  let peak = 0
  let bytes = 0
  let duration_s = 0
  for (let first = last; first >= 0; first--) {
    bytes += segments[first]?.bytes ?? 0
    duration_s += segments[first]?.duration_s ?? 0
    if (duration_s > 1.5 * targetDuration_s + EPSILON_S) break
    if (duration_s >= 0.5 * targetDuration_s - EPSILON_S) peak = Math.max(peak, bitRate(bytes, duration_s))
  }
  return peak
}

function bitRate(bytes: number, duration_s: number): number {
  return duration_s > 0 ? (bytes * 8) / duration_s : 0
}
