import type { AudioStream, MediaInfo, VideoPlan, VideoStream } from '../../src/media/model.ts'
import { makePlan } from '../../src/media/plan/make-plan.ts'
import { profileNamed } from './profiles.ts'

/** Media as ffprobe might find it: 1920×1080 at 30 fps, 60 s, H.264 at 8 Mb/s; each field can be replaced. */
export function aPicture(fields: Partial<VideoStream> = {}): VideoStream {
  return {
    stream_index: 0,
    codec: 'h264',
    profile: 'High',
    width: 1920,
    height: 1080,
    pixel_aspect: [1, 1],
    rotation: 0,
    pixel_format: 'yuv420p',
    interlaced: false,
    top_field_first: false,
    fields: null,
    color: { range: null, space: null, transfer: null, primaries: null, max_cll: null },
    nominal_rate: [30, 1],
    average_rate: [30, 1],
    time_base: [1, 15360],
    first_pts: 0,
    start_s: 0,
    duration_s: 60,
    bitrate_bps: 8_000_000,
    ...fields,
  }
}

export function aTrack(fields: Partial<AudioStream> = {}): AudioStream {
  return {
    stream_index: 1,
    codec: 'aac',
    sample_rate: 44100,
    channels: 2,
    language: 'eng',
    title: null,
    default: true,
    start_s: 0,
    duration_s: 60,
    bitrate_bps: 96_000,
    ...fields,
  }
}

export function aSource(fields: Partial<MediaInfo> = {}): MediaInfo {
  const video = fields.video === undefined ? aPicture() : fields.video
  return {
    format: 'mov,mp4,m4a,3gp,3g2,mj2',
    start_s: 0,
    duration_s: video?.duration_s ?? null,
    size_bytes: 60_000_000,
    bitrate_bps: 8_100_000,
    title: null,
    audio: [],
    subtitles: [],
    ...fields,
    video,
  }
}

/** What is planned for such a picture, alone in its file. */
export function planPicture(fields: Partial<VideoStream> = {}): VideoPlan {
  const { video } = makePlan({
    media: aSource({ video: aPicture(fields) }),
    build: 'b1',
    singleChunk: null,
    profile: profileNamed('default'),
  })
  if (video) return video
  throw new Error('there is a picture')
}
