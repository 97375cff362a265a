// @ts-check
import { sentence } from '../base/format.js'

/**
 * The codes of a plan (docs/media.md) as sentences. `reason` is what the API says itself, with figures,
 * as a sentence; where it says all there is to say, it stands alone. All pure.
 */

/** @typedef {import('../../../media/model.ts').Plan} Plan */
/** @typedef {{ reason: string, kind?: string }} Facts */

/** @type {Record<string, (facts: Facts) => string>} */
export const keptWords = {
  source_size: ({ reason }) => reason,
  largest_box: ({ reason }) => `${reason} It is scaled down to that.`,
  fits_box: ({ reason }) => reason,
  audio_track: ({ reason }) => reason,
  subtitle_track: ({ reason }) => reason,
}

/** @type {Record<string, (facts: Facts) => string>} */
export const skippedWords = {
  above_source: () => 'Larger than the source. Scaling up would add bits and no detail.',
  close_to_next: () => 'Hardly larger than the rung below it: less than 1.25 times its pixels.',
  too_thin: ({ reason }) => reason,
  not_in_profile: ({ kind }) =>
    kind === 'video'
      ? 'The profile of this job makes sound only.'
      : 'The profile of this job has no such rung.',
  unknown_codec: () => 'No decoder knows what this track is made of.',
  codec_not_accepted: ({ reason }) => reason,
  no_samples: () => 'The track states no sample rate or no channels, so there is nothing to decode.',
  picture_subtitles: () => 'These subtitles are pictures, not text, and WebVTT takes text alone.',
  per_title_no_detail: ({ reason }) => `Nobody would see a difference: ${lower(reason)}`,
  per_title_saves_nothing: ({ reason }) => `It would save next to nothing: ${lower(reason)}`,
}

/** @type {Record<string, (facts: Facts) => string>} */
export const warningWords = {
  frame_rate_reduced: ({ reason }) => `${reason} More than 60 are not made.`,
  variable_frame_rate: ({ reason }) => reason,
  tone_mapped: ({ reason }) => reason,
  deinterlaced: ({ reason }) => reason,
  not_interlaced: ({ reason }) => reason,
  field_order_wrong: ({ reason }) => reason,
  no_duration: () => 'The file does not say how long it is, so there is no percentage while it is made.',
  audio_undecodable: ({ reason }) => reason,
  audio_left_out: ({ reason }) => reason,
  no_picture: ({ reason }) => reason,
  per_title_not_sampled: ({ reason }) => reason,
  not_sampled: ({ reason }) => reason,
  fields_not_measured: ({ reason }) => reason,
}

/** Why a source is made in one piece. @type {Record<string, string>} */
export const singleChunkWords = {
  short: 'It is short enough to be made in one piece.',
  no_duration: 'The file does not say how long it is, so it is made in one piece.',
  not_seekable: 'Each picture is drawn over the one before, so it is made in one piece.',
  cut_not_exact: 'It cannot be cut exactly, so it is made in one piece.',
  cuts_wrong: 'A first try was not cut where it was planned, so it is made in one piece.',
  init_mismatch: 'In a first try the pieces of a rung came out different, so it is made in one piece.',
  audio_mismatch:
    'In a first try the pieces of a sound track came out different, so it is made in one piece.',
  chunks_do_not_join: 'In a first try the pieces did not join, so it is made in one piece.',
}

/**
 * What the plan says of a rung, a track or the whole. A code this page has never heard of is told in the
 * API's own words.
 * @param {Record<string, (facts: Facts) => string>} words
 * @param {{ code: string, reason: string, kind?: string }} entry
 */
export function planSentence(words, { code, reason, kind }) {
  const own = Object.hasOwn(words, code) ? words[code] : undefined
  const facts = { reason: sentence(reason), ...(kind !== undefined && { kind }) }
  return own ? own(facts) : facts.reason
}

/** How the work is divided, and why. @param {Plan} plan */
export function cutSentence({ video, single_chunk: single, segment_s: seconds }) {
  const segments = `Segments last ${seconds} s each.`
  if (!video) return segments
  if (single) return `${singleChunkWords[single] ?? `It is made in one piece (${single}).`} ${segments}`
  return `It is cut into ${video.chunks.length} chunks, which any worker can take. ${segments}`
}

/** To go on after a colon. Names such as SSIM and 720p stay as they are. @param {string} text */
const lower = (text) => (/^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text)
