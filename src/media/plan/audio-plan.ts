import type { AudioPlan, AudioStream, MediaInfo, Plan, VideoPlan } from '../model.ts'
import { isSoundAccepted } from '../whitelist.ts'
import { greatestCommonDivisor } from './frame-rate.ts'
import type { Profile } from './profiles.ts'

type SoundRequest = {
  media: MediaInfo
  video: Pick<VideoPlan, 'origin_ticks' | 'time_base'> | null
  profile: Pick<Profile, 'audio'>
}
type Sound = Pick<Plan, 'kept' | 'skipped'> & { tracks: AudioPlan[] }

/**
 * One plan for each track that has a known codec, a rate and channels; always stereo, so that a
 * player may switch tracks. `origin` is the picture's, or the first sound's in a file without pictures.
 */
export function planAudio({ media, video, profile }: SoundRequest): Sound {
  const { bitrate_bps } = profile.audio
  const usable = media.audio.filter(isUsable)
  const origin = video ? pictureOrigin(video) : soundOrigin(usable)
  // A group of renditions has one default at most (RFC 8216 §4.3.4.1).
  const chosen = usable.find((track) => track.default) ?? usable[0]
  return {
    tracks: usable.map((track, position) => ({
      position,
      stream_index: track.stream_index,
      language: track.language,
      title: track.title,
      default: track === chosen,
      channels: 2,
      sample_rate: 48000,
      bitrate_bps,
      origin,
      duration_s: track.duration_s ?? media.duration_s,
      stability: stabilityOf(media.format, track.codec ?? ''),
    })),
    kept: usable.map((track, position) => ({
      name: `audio-${position}`,
      code: 'audio_track',
      reason: `stream ${track.stream_index} as AAC stereo at ${bitrate_bps / 1000} kb/s`,
    })),
    skipped: media.audio.flatMap((track) => {
      const skip = reasonToSkip(track)
      return skip === null
        ? []
        : [{ kind: 'audio' as const, name: `audio-stream-${track.stream_index}`, ...skip }]
    }),
  }
}

/** Whether a track of the source can be made. */
export const isUsable = (track: AudioStream): boolean => reasonToSkip(track) === null

function reasonToSkip({
  codec,
  sample_rate,
  channels,
}: AudioStream): { code: string; reason: string } | null {
  if (codec === null) return { code: 'unknown_codec', reason: 'no decoder knows the codec of this track' }
  if (!isSoundAccepted(codec))
    return { code: 'codec_not_accepted', reason: `sound in ${codec} is not accepted` }
  if (sample_rate === null || channels === null)
    return { code: 'no_samples', reason: 'the track states no sample rate or no channels' }
  return null
}

/** Codecs of which the container states rate and layout once, and no frame says otherwise. */
const STATED_ONCE = /^(pcm_|adpcm_|wma|amr_|alac$)/
/** Stated once in these containers; in others each frame or each link of a chain has a header of its own. */
const CONFIGURED = /^(aac|opus|vorbis|flac)$/
const CONFIGURING = /^(mov|matroska|flac|wav|asf)/

function stabilityOf(format: string, codec: string): AudioPlan['stability'] {
  // Raw frames: ffmpeg counts their times by the rate of the first.
  if (format === 'aac' || format === 'mp3') return 'untimed'
  const steady = STATED_ONCE.test(codec) || (CONFIGURED.test(codec) && CONFIGURING.test(format))
  return steady ? 'steady' : 'changing'
}

/** The grid's origin in seconds, as an exact fraction. */
export function pictureOrigin({
  origin_ticks,
  time_base,
}: Pick<VideoPlan, 'origin_ticks' | 'time_base'>): AudioPlan['origin'] {
  return reduced(origin_ticks * time_base[0], time_base[1])
}

function soundOrigin(tracks: AudioStream[]): AudioPlan['origin'] {
  const first = Math.min(...tracks.map(({ start_s }) => start_s))
  return Number.isFinite(first) ? reduced(Math.round(first * 1_000_000), 1_000_000) : [0, 1]
}

function reduced(numerator: number, denominator: number): AudioPlan['origin'] {
  const divisor = greatestCommonDivisor(numerator, denominator)
  return [numerator / divisor, denominator / divisor]
}
