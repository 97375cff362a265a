import type { MediaInfo, Rational, VideoPlan, VideoStream } from '../model.ts'
import { isUsable } from './audio-plan.ts'
import { fps } from './frame-rate.ts'

/** Seconds; the segment is two GOPs. */
const GOP_S = 2

/** An earlier start of the sound than this is codec priming, which is trimmed; more moves the grid. */
const PRIMING_S = 0.06

/** No more than this of sound before the picture is kept. */
const MAX_LEAD_S = 5

export type Grid = Pick<
  VideoPlan,
  | 'frame_rate'
  | 'time_base'
  | 'origin_ticks'
  | 'timescale'
  | 'frame_duration'
  | 'gop_frames'
  | 'segment_frames'
  | 'expected_frames'
>

/**
 * The frame grid all rungs and chunks share: frame n is shown at origin + n / frame_rate. The
 * origin is the first *shown* picture; sound that leads by more than 60 ms moves it back by whole
 * frames (picture 0 repeats), so that the grid keeps the picture's phase.
 */
export function planGrid(media: MediaInfo, video: VideoStream, frameRate: Rational): Grid {
  const [frames, seconds] = frameRate
  const ticksPerFrame = (seconds * video.time_base[1]) / (frames * video.time_base[0])
  const origin = video.first_pts - Math.round(leadFrames(media, video, frameRate) * ticksPerFrame)
  // So that a frame lasts an exact integer of units.
  const unitsPerTick = Math.ceil(10_000 / frames)
  const gop = Math.max(1, Math.round(GOP_S * fps(frameRate)))
  return {
    frame_rate: frameRate,
    time_base: video.time_base,
    origin_ticks: origin,
    timescale: frames * unitsPerTick,
    frame_duration: seconds * unitsPerTick,
    gop_frames: gop,
    segment_frames: 2 * gop,
    expected_frames: expectedFrames(media, video, frameRate, secondsAt(origin, video.time_base)),
  }
}

export const secondsAt = (ticks: number, [numerator, denominator]: Rational): number =>
  (ticks * numerator) / denominator

function leadFrames(media: MediaInfo, video: VideoStream, frameRate: Rational): number {
  const starts = media.audio.filter(isUsable).map(({ start_s }) => start_s)
  const lead = Math.min(MAX_LEAD_S, secondsAt(video.first_pts, video.time_base) - Math.min(...starts))
  // The margin of a microsecond (ffprobe's own) keeps 0.1 s at 30 fps, a hair above 3 frames, at 3.
  const surely = lead - 1e-6
  return surely > PRIMING_S ? Math.ceil(surely * fps(frameRate)) : 0
}

function expectedFrames(
  media: MediaInfo,
  video: VideoStream,
  frameRate: Rational,
  originS: number,
): number | null {
  const end = endOf(media, video)
  return end === null ? null : Math.max(1, Math.round((end - originS) * fps(frameRate)))
}

/** When the picture ends, in seconds of the source's clock, as far as the container says. */
function endOf(media: MediaInfo, video: VideoStream): number | null {
  if (video.duration_s !== null) return video.start_s + video.duration_s
  return media.duration_s === null ? null : media.start_s + media.duration_s
}
