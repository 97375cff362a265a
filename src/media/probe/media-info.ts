import { PermanentError } from '../../errors.ts'
import { MAX_PIXELS, MAX_STREAMS } from '../limits.ts'
import type { AudioStream, MediaInfo, VideoStream } from '../model.ts'
import { isUsable } from '../plan/audio-plan.ts'
import { isSoundAccepted } from '../whitelist.ts'
import type { Probe, ProbedFrame, ProbedStream } from './probe-schema.ts'

/**
 * The film stream of a probe: the default one, else the first; covers and thumbnails are none. Its
 * size may be 0×0 where no decoder opened it.
 */
export function filmStream(probe: Probe): ProbedStream | null {
  const films = probe.streams.filter(
    ({ codec_type, codec_name, disposition }) =>
      codec_type === 'video' &&
      !COVER_CODECS.has(codec_name ?? '') &&
      !disposition?.attached_pic &&
      !disposition?.timed_thumbnails,
  )
  return films.find(({ disposition }) => disposition?.default) ?? films[0] ?? null
}

/** Only ever covers; their decoders are allowed to ffprobe alone. */
const COVER_CODECS = new Set(['png', 'bmp', 'tiff', 'webp'])

/** First and all frames of one stream, in the order they are shown. */
export function framesOf(probe: Probe, stream: ProbedStream): ProbedFrame[] {
  return probe.frames.filter(({ stream_index }) => stream_index === stream.index)
}

/**
 * A probe in our own terms. Throws `too_many_streams`, `too_large_picture`, and `no_video` where
 * nothing in it can be shown or heard. Texts are fit for jsonb: no NUL, no control characters.
 */
export function toMediaInfo(probe: Probe, sizeBytes: number): MediaInfo {
  const { format, streams } = probe
  if (Math.max(format.nb_streams, streams.length) > MAX_STREAMS) throw tooManyStreams()
  const film = filmStream(probe)
  const video = film && toVideoStream(film, framesOf(probe, film))
  const audio = streams.filter(({ codec_type }) => codec_type === 'audio').map(toAudioStream)
  if (video === null && !audio.some(isUsable)) throw nothingUsable(audio)
  return {
    format: format.format_name,
    start_s: format.start_time ?? 0,
    duration_s: positive(format.duration),
    size_bytes: sizeBytes,
    bitrate_bps: positive(format.bit_rate),
    title: cleanTitle(format.tags.title),
    video,
    audio,
    subtitles: streams
      .filter(({ codec_type }) => codec_type === 'subtitle')
      .map((stream) => ({
        ...describe(stream),
        forced: stream.disposition?.forced ?? false,
      })),
  }
}

/** Neither a picture nor a sound: which of the two codes tells whether another format would help. */
function nothingUsable(audio: AudioStream[]): PermanentError {
  const refused = audio.find(({ codec }) => codec !== null && !isSoundAccepted(codec))
  return refused
    ? new PermanentError(
        'unsupported_codec',
        `the source has a sound in ${refused.codec}, which is not accepted`,
      )
    : new PermanentError('no_video', 'the source has neither a picture nor a sound that can be decoded')
}

export const tooManyStreams = (said?: ErrorOptions) =>
  new PermanentError('too_many_streams', `the source has more than ${MAX_STREAMS} streams`, said)

export const tooLargePicture = (said?: ErrorOptions) =>
  new PermanentError('too_large_picture', 'the picture is larger than 8192×4320 pixels', said)

function toVideoStream(stream: ProbedStream, frames: ProbedFrame[]): VideoStream | null {
  const { width, height, codec_name: codec, time_base } = stream
  if (width * height > MAX_PIXELS) throw tooLargePicture()
  if (codec === null || width === 0 || height === 0 || time_base === null) return null
  const firstPts = frames
    .map(({ pts, best_effort_timestamp }) => pts ?? best_effort_timestamp)
    .find((pts) => pts !== null)
  const first_pts = firstPts ?? stream.start_pts ?? 0
  return {
    stream_index: stream.index,
    codec,
    profile: stream.profile,
    width,
    height,
    pixel_aspect: stream.sample_aspect_ratio ?? [1, 1],
    rotation: rotationOf(stream),
    pixel_format: stream.pix_fmt,
    ...fieldsOf(stream, frames),
    fields: null,
    color: {
      range: stream.color_range,
      space: stream.color_space,
      transfer: stream.color_transfer,
      primaries: stream.color_primaries,
      max_cll: maxContentLight(stream, frames),
    },
    nominal_rate: stream.r_frame_rate,
    average_rate: stream.avg_frame_rate,
    time_base,
    first_pts,
    start_s: stream.start_time ?? (first_pts * time_base[0]) / time_base[1],
    duration_s: positive(stream.duration),
    bitrate_bps: positive(stream.bit_rate),
  }
}

/** ffprobe tells how far the picture *is* turned counter-clockwise, -90 for a phone held upright. */
function rotationOf({ side_data_list }: ProbedStream): VideoStream['rotation'] {
  const turned = side_data_list.find(({ rotation }) => typeof rotation === 'number')?.rotation ?? 0
  switch ((((Math.round(-turned / 90) * 90) % 360) + 360) % 360) {
    case 90:
      return 90
    case 180:
      return 180
    case 270:
      return 270
    default:
      return 0
  }
}

/** The pictures themselves where some were decoded (headers are wrong both ways), else the header. */
function fieldsOf(
  stream: ProbedStream,
  frames: ProbedFrame[],
): Pick<VideoStream, 'interlaced' | 'top_field_first'> {
  if (frames.length === 0) {
    const order = stream.field_order ?? ''
    return { interlaced: /^[tb][tb]$/.test(order), top_field_first: /^t/.test(order) }
  }
  const interlaced = frames.filter(({ interlaced_frame }) => interlaced_frame)
  const topFirst = interlaced.filter(({ top_field_first }) => top_field_first)
  return {
    interlaced: interlaced.length > frames.length / 2,
    top_field_first: topFirst.length > interlaced.length / 2,
  }
}

function maxContentLight(stream: ProbedStream, frames: ProbedFrame[]): number | null {
  const found = [stream, ...frames]
    .flatMap(({ side_data_list }) => side_data_list)
    .find(({ max_content }) => max_content)
  return positive(found?.max_content ?? null)
}

function toAudioStream(stream: ProbedStream): AudioStream {
  return {
    ...describe(stream),
    sample_rate: Number.isInteger(stream.sample_rate) ? positive(stream.sample_rate) : null,
    channels: positive(stream.channels),
    start_s: stream.start_time ?? 0,
    duration_s: positive(stream.duration),
    bitrate_bps: positive(stream.bit_rate),
  }
}

function describe({ index, codec_name, disposition, tags }: ProbedStream) {
  const language = cleanText(tags.language, MAX_LANGUAGE)?.toLowerCase() ?? null
  return {
    stream_index: index,
    codec: codec_name,
    language: language === 'und' ? null : language,
    title: cleanTitle(tags.title),
    default: disposition?.default ?? false,
  }
}

const MAX_TITLE = 300
/** BCP 47 allows for 35 characters. */
const MAX_LANGUAGE = 35

/** As `cleanText`; an ellipsis says that it was longer. */
function cleanTitle(text: string): string | null {
  const title = cleanText(text, MAX_TITLE + 1)
  const letters = Array.from(title ?? '')
  return letters.length > MAX_TITLE ? `${letters.slice(0, MAX_TITLE - 1).join('')}…` : title
}

/** One line without control characters or half characters, which jsonb refuses; null if nothing is left. */
function cleanText(text: string, maxLength: number): string | null {
  const clean = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
  return Array.from(clean).slice(0, maxLength).join('') || null
}

const positive = (value: number | null): number | null => (value !== null && value > 0 ? value : null)
