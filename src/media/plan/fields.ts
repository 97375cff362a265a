import type { VideoPlan, VideoStream } from '../model.ts'

/** Frames that tell nothing, such as still ones, are not counted; below this the rest says too little. */
const FEWEST_FRAMES = 20

/** Of the woven frames that have to agree on which field came first. */
const MOST = 0.9

/** Of all frames: film left woven looks worse than film deinterlaced for nothing. */
const NEARLY_ALL = 0.98

/**
 * By which parity a film is deinterlaced, null where it is not. Flags often lie, so what the pictures
 * show (`scanFields`) decides where it is clear; but only of film that claims to be interlaced, since
 * drawn and generated film can look woven.
 */
export function parityOf(
  video: Pick<VideoStream, 'interlaced' | 'top_field_first' | 'fields'>,
): VideoPlan['deinterlace'] {
  if (!video.interlaced) return null
  const flagged = video.top_field_first ? 'tff' : 'bff'
  if (video.fields === null) return flagged
  const { top_first, bottom_first, progressive } = video.fields
  const woven = top_first + bottom_first
  if (woven + progressive < FEWEST_FRAMES) return flagged
  if (progressive >= NEARLY_ALL * (woven + progressive)) return null
  if (top_first >= MOST * woven) return 'tff'
  return bottom_first >= MOST * woven ? 'bff' : flagged
}
