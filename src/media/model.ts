/**
 * The shapes that travel between probe, plan, encoder and manifests, as they are stored in
 * `videos.media`, `videos.plan` and `segments.objects` and shown by the API. Property names are
 * the stored ones (snake_case); a number without a unit in its name is a count or ticks.
 */
import { z } from 'zod'

/** An exact fraction [numerator, denominator], both positive integers. */
const rationalSchema = z.tuple([z.int().positive(), z.int().positive()])
export type Rational = z.infer<typeof rationalSchema>

const videoStreamSchema = z.object({
  /** Index in the file, as in ffmpeg's `0:<index>`. */
  stream_index: z.int().nonnegative(),
  codec: z.string(),
  profile: z.string().nullable(),
  /** Coded size in pixels, before rotation and pixel aspect. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** Sample (pixel) aspect ratio; 1:1 when unknown. */
  pixel_aspect: rationalSchema,
  /** Degrees to turn the picture clockwise so that it stands upright. */
  rotation: z.literal([0, 90, 180, 270]),
  pixel_format: z.string().nullable(),
  interlaced: z.boolean(),
  top_field_first: z.boolean(),
  /** What the pictures of film flagged as interlaced show, in frames; null where nobody looked. */
  fields: z
    .object({
      top_first: z.int().nonnegative(),
      bottom_first: z.int().nonnegative(),
      progressive: z.int().nonnegative(),
    })
    .nullable()
    .default(null),
  color: z.object({
    range: z.string().nullable(),
    space: z.string().nullable(),
    transfer: z.string().nullable(),
    primaries: z.string().nullable(),
    /** Maximum content light level in nits, where the stream says so. */
    max_cll: z.number().positive().nullable(),
  }),
  nominal_rate: rationalSchema.nullable(),
  average_rate: rationalSchema.nullable(),
  time_base: rationalSchema,
  /** First *shown* frame in ticks of `time_base`. */
  first_pts: z.int(),
  start_s: z.number(),
  duration_s: z.number().positive().nullable(),
  bitrate_bps: z.number().positive().nullable(),
})

const audioStreamSchema = z.object({
  stream_index: z.int().nonnegative(),
  codec: z.string().nullable(),
  sample_rate: z.int().positive().nullable(),
  channels: z.int().positive().nullable(),
  language: z.string().nullable(),
  title: z.string().nullable(),
  default: z.boolean(),
  start_s: z.number(),
  duration_s: z.number().positive().nullable(),
  bitrate_bps: z.number().positive().nullable(),
})

const subtitleStreamSchema = z.object({
  stream_index: z.int().nonnegative(),
  codec: z.string().nullable(),
  language: z.string().nullable(),
  title: z.string().nullable(),
  default: z.boolean(),
  forced: z.boolean(),
})

/** What ffprobe found (`videos.media`). `video` null = no film in the file (audio only). */
export const mediaInfoSchema = z.object({
  format: z.string(),
  start_s: z.number(),
  duration_s: z.number().positive().nullable(),
  size_bytes: z.number().nonnegative(),
  bitrate_bps: z.number().positive().nullable(),
  title: z.string().nullable(),
  video: videoStreamSchema.nullable(),
  audio: z.array(audioStreamSchema),
  subtitles: z.array(subtitleStreamSchema),
})
export type MediaInfo = z.infer<typeof mediaInfoSchema>
export type VideoStream = z.infer<typeof videoStreamSchema>
export type AudioStream = z.infer<typeof audioStreamSchema>

const rungSchema = z.object({
  /** `1080p`: the short side of the box it fits; unique within a plan. */
  name: z.string().regex(/^\d{1,5}p$/),
  width: z.int().positive(),
  height: z.int().positive(),
  crf: z.number().positive(),
  max_bitrate_bps: z.int().positive(),
  buffer_bits: z.int().positive(),
})
export type Rung = z.infer<typeof rungSchema>

/** A run of frames on the video's grid; `frames` null = to the real end (the last chunk only). */
const chunkSchema = z.object({
  first_frame: z.int().nonnegative(),
  frames: z.int().positive().nullable(),
})
export type Chunk = z.infer<typeof chunkSchema>

export const codecs = ['h264', 'hevc', 'av1'] as const
export type Codec = (typeof codecs)[number]

/** How the pictures of every rung are encoded, as the profile has it. */
const videoEncoderSchema = z.object({
  codec: z.enum(codecs),
  /** In the encoder's own words: `veryfast` of x264 and x265, `8` of SVT-AV1. */
  preset: z.string().regex(/^[a-z0-9]{1,12}$/),
})

const videoPlanSchema = z.object({
  stream_index: z.int().nonnegative(),
  /** The constant frame rate of every rung. */
  frame_rate: rationalSchema,
  /** Time base of the source stream and the grid's origin T0 in its ticks. */
  time_base: rationalSchema,
  origin_ticks: z.int(),
  /** Units per second of the output track; a frame lasts exactly `frame_duration` of them. */
  timescale: z.int().positive(),
  frame_duration: z.int().positive(),
  gop_frames: z.int().positive(),
  /** Frames of an ordinary segment (two GOPs); the first of chunk 0 is one GOP. */
  segment_frames: z.int().positive(),
  /** Frames expected from the container's promise, null when it makes none. Off by one at times. */
  expected_frames: z.int().positive().nullable(),
  source_width: z.int().positive(),
  source_height: z.int().positive(),
  /** The source starts at this time (seconds); a seek to before it is left out. */
  source_start_s: z.number(),
  rotation: z.literal([0, 90, 180, 270]),
  deinterlace: z.enum(['tff', 'bff']).nullable(),
  /** Set for HDR: the transfer function and the peak, in multiples of 203 nits. */
  tone_map: z
    .object({ transfer: z.enum(['smpte2084', 'arib-std-b67']), peak: z.number().positive() })
    .nullable(),
  full_range: z.boolean(),
  /** By which the source's colours became luma and chroma; what is made is BT.709. */
  matrix: z.enum(['bt709', 'smpte170m', 'smpte240m', 'fcc', 'bt2020']).default('bt709'),
  encoder: videoEncoderSchema.default({ codec: 'h264', preset: 'veryfast' }),
  /** Pictures for the seek bar: one each so many frames (whole GOPs), of this size; null for none. */
  pictures: z
    .object({ every_frames: z.int().positive(), width: z.int().positive(), height: z.int().positive() })
    .nullable()
    .default(null),
  /** How far before a chunk's start decoding begins. */
  preroll_s: z.number().positive(),
  chunks: z.array(chunkSchema).min(1),
  /** Highest first. */
  rungs: z.array(rungSchema).min(1),
})
export type VideoPlan = z.infer<typeof videoPlanSchema>

const audioPlanSchema = z.object({
  /** 0, 1, …: the task's position and the track's name (`audio-0`). */
  position: z.int().nonnegative(),
  stream_index: z.int().nonnegative(),
  language: z.string().nullable(),
  title: z.string().nullable(),
  default: z.boolean(),
  channels: z.literal([1, 2]),
  sample_rate: z.literal(48000),
  bitrate_bps: z.int().positive(),
  /** The grid's origin in seconds, as an exact fraction of integers (may be negative or zero). */
  origin: z.tuple([z.int(), z.int().positive()]),
  duration_s: z.number().positive().nullable(),
  /**
   * Whether the source may change its rate or layout midway: not, or it may (then it is decoded by a
   * process of its own), or it may and has no times but those counted from its bytes.
   */
  stability: z.enum(['steady', 'changing', 'untimed']).default('steady'),
})
export type AudioPlan = z.infer<typeof audioPlanSchema>

const subtitlePlanSchema = z.object({
  /** 0, 1, …: the task's position and the track's name (`subtitle-0`). */
  position: z.int().nonnegative(),
  stream_index: z.int().nonnegative(),
  language: z.string().nullable(),
  title: z.string().nullable(),
  default: z.boolean(),
  forced: z.boolean(),
  /** The grid's origin in seconds, as in the audio plan. */
  origin: z.tuple([z.int(), z.int().positive()]),
})
export type SubtitlePlan = z.infer<typeof subtitlePlanSchema>

const skippedSchema = z.object({
  kind: z.enum(['rung', 'audio', 'subtitle', 'video']),
  name: z.string(),
  /** A stable reason code such as `above_source`, and the same in words. */
  code: z.string(),
  reason: z.string(),
})

/** What will be made and why (`videos.plan`). */
export const planSchema = z.object({
  version: z.literal(1),
  profile: z.string(),
  /** Fingerprint of ffmpeg and its encoders: segments of different builds are never mixed. */
  build: z.string(),
  video: videoPlanSchema.nullable(),
  audio: z.array(audioPlanSchema),
  /** Each becomes one WebVTT file. */
  subtitles: z.array(subtitlePlanSchema).default([]),
  /** Whether the source is encoded as one piece, and the reason code. */
  single_chunk: z.string().nullable(),
  /** Segment duration every rendition aims at, and the ceiling EXT-X-TARGETDURATION states. */
  segment_s: z.number().positive(),
  target_duration_s: z.int().positive(),
  kept: z.array(z.object({ name: z.string(), code: z.string(), reason: z.string() })),
  skipped: z.array(skippedSchema),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
})
export type Plan = z.infer<typeof planSchema>
