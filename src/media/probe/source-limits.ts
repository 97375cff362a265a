import type { Config } from '../../config.ts'
import { PermanentError } from '../../errors.ts'
import type { MediaInfo, Rational } from '../model.ts'
import { filmStream, framesOf } from './media-info.ts'
import type { Probe } from './probe-schema.ts'

/** What an installation takes of what we can do; MAX_… of limits.ts are never exceeded. */
export type SourceLimits = { durationS: number; pixels: number; fps: number; streams: number }

export function sourceLimits(
  config: Pick<
    Config,
    'MAX_SOURCE_DURATION_S' | 'MAX_SOURCE_PIXELS' | 'MAX_SOURCE_FPS' | 'MAX_SOURCE_STREAMS'
  >,
): SourceLimits {
  return {
    durationS: config.MAX_SOURCE_DURATION_S,
    pixels: config.MAX_SOURCE_PIXELS,
    fps: config.MAX_SOURCE_FPS,
    streams: config.MAX_SOURCE_STREAMS,
  }
}

/** Throws `too_many_streams`, `too_long`, `too_large_picture` or `too_high_frame_rate`. */
export function requireWithin(limits: SourceLimits, probe: Probe, media: MediaInfo): void {
  if (Math.max(probe.format.nb_streams, probe.streams.length) > limits.streams)
    throw new PermanentError('too_many_streams', `the source has more than ${limits.streams} streams`)
  if ((media.duration_s ?? 0) > limits.durationS)
    throw new PermanentError('too_long', `the source is longer than ${limits.durationS} s`)
  if (!media.video) return
  const { width, height } = media.video
  if (width * height > limits.pixels)
    throw new PermanentError('too_large_picture', `the picture has more than ${limits.pixels} pixels`)
  if (isFaster(limits.fps, probe, media.video.average_rate))
    throw new PermanentError(
      'too_high_frame_rate',
      `the source has more than ${limits.fps} pictures a second`,
    )
}

/** 120 may be told as 120.004. */
const tolerance = 1.001
/** Fewer tell nothing: the first ones may come in a burst. */
const leastFrames = 10

/**
 * Whether the average rate and the first pictures both say so. A header alone is not believed: recordings
 * of browsers claim 1000 pictures a second, which is the clock they count in.
 */
function isFaster(most: number, probe: Probe, average: Rational | null): boolean {
  if (average === null || average[0] / average[1] <= most * tolerance) return false
  const film = filmStream(probe)
  if (!film?.time_base) return false
  const [ticks, seconds] = film.time_base
  const times = framesOf(probe, film).flatMap(
    ({ pts, best_effort_timestamp }) => pts ?? best_effort_timestamp ?? [],
  )
  const span = ((Math.max(...times) - Math.min(...times)) * ticks) / seconds
  return times.length >= leastFrames && (times.length - 1) / span > most * tolerance
}
