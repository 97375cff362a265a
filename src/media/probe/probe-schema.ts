/** The part of `ffprobe -of json` that is read; shapes as of ffprobe 5 to 8. Absent and `N/A` become null. */
import { z } from 'zod'
import type { Rational } from '../model.ts'

/** ffprobe prints times and rates as decimal strings. */
const decimal = z
  .string()
  .nullish()
  .transform((text) => {
    const value = text ? Number(text) : Number.NaN
    return Number.isFinite(value) ? value : null
  })

/** `30000/1001`; `0/0` where unknown. */
const rational = z
  .string()
  .nullish()
  .transform((text): Rational | null => {
    const [, a, b] = /^(\d{1,15})[/:](\d{1,15})$/.exec(text ?? '') ?? []
    const [numerator, denominator] = [Number(a ?? 0), Number(b ?? 0)]
    return numerator > 0 && denominator > 0 ? [numerator, denominator] : null
  })

/** Ticks; timestamps beyond 2^53 are nonsense. */
const ticks = z
  .number()
  .nullish()
  .transform((value) => (Number.isSafeInteger(value) ? (value ?? null) : null))

const word = z
  .string()
  .nullish()
  .transform((text) => (text && text !== 'unknown' && text !== 'none' ? text : null))

const size = z
  .int()
  .nonnegative()
  .nullish()
  .default(0)
  .transform((value) => value ?? 0)
const flag = z.number().nullish().transform(Boolean)

const sideData = z
  .array(
    z.looseObject({
      side_data_type: z.string().nullish(),
      rotation: z.number().nullish(),
      max_content: z.number().nullish(),
    }),
  )
  .nullish()
  .transform((list) => list ?? [])

const disposition = z.object({ default: flag, attached_pic: flag, timed_thumbnails: flag, forced: flag })
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const noTags = { language: '', title: '' }
const tags = z
  .object({ language: text, title: text })
  .nullish()
  .transform((found) => found ?? noTags)

const stream = z.object({
  index: z.int().nonnegative(),
  codec_type: word,
  codec_name: word,
  profile: word,
  width: size,
  height: size,
  pix_fmt: word,
  sample_aspect_ratio: rational,
  field_order: word,
  color_range: word,
  color_space: word,
  color_transfer: word,
  color_primaries: word,
  r_frame_rate: rational,
  avg_frame_rate: rational,
  time_base: rational,
  start_pts: ticks,
  start_time: decimal,
  duration: decimal,
  bit_rate: decimal,
  sample_rate: decimal,
  channels: size,
  disposition: disposition.nullish(),
  tags,
  side_data_list: sideData,
})
export type ProbedStream = z.infer<typeof stream>

/** Items of subtitle streams are listed among the frames and lack all but the index. */
const frame = z.object({
  stream_index: z.int().nullish(),
  pts: ticks,
  best_effort_timestamp: ticks,
  interlaced_frame: flag,
  top_field_first: flag,
  side_data_list: sideData,
})
export type ProbedFrame = z.infer<typeof frame>

export const probeSchema = z.object({
  format: z.object({
    format_name: z.string(),
    nb_streams: size,
    start_time: decimal,
    duration: decimal,
    bit_rate: decimal,
    tags,
  }),
  streams: z
    .array(stream)
    .nullish()
    .transform((list) => list ?? []),
  frames: z
    .array(frame)
    .nullish()
    .transform((list) => list ?? []),
})
export type Probe = z.infer<typeof probeSchema>

/** What `-show_entries` must ask for. */
export const PROBE_ENTRIES = [
  'format=format_name,nb_streams,start_time,duration,bit_rate',
  'format_tags=title',
  `stream=${Object.keys(stream.shape).filter((key) => !['disposition', 'tags', 'side_data_list'].includes(key))}`,
  `stream_disposition=${Object.keys(disposition.shape)}`,
  'stream_tags=language,title',
  'stream_side_data_list',
  `frame=${Object.keys(frame.shape).filter((key) => key !== 'side_data_list')}`,
  'frame_side_data_list',
].join(':')
