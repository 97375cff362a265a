import { PermanentError } from '../../errors.ts'
import { encoders } from '../encoders/encoders.ts'
import type { MediaInfo, Plan, Rational, Rung, VideoStream } from '../model.ts'
import { bitrateCap } from './bitrate-cap.ts'
import { BOXES, type Box } from './ladder-boxes.ts'
import type { VideoProfile } from './profiles.ts'

type Size = { width: number; height: number }

/** The top rung must be worth its own encode: so many times the pixels of the one below. */
const MIN_STEP = 1.25

/** A rung thinner than one macroblock shows nothing. */
const MIN_SIDE = 16

export type LadderRequest = {
  media: MediaInfo
  video: VideoStream
  frameRate: Rational
  profile: VideoProfile
}
export type Ladder = { rungs: Rung[]; kept: Plan['kept']; skipped: Plan['skipped'] }

/**
 * The rungs for a picture, highest first, and what became of each box. The top rung is the picture
 * at its own size under the name of the smallest box that holds it; below it each smaller box that the
 * profile offers is filled. Nothing is scaled up. Where the picture's own box is not offered, the largest
 * smaller one is the top; where none is smaller either, the picture at its own size is the only rung.
 * Throws `too_small_picture` for one that the profile's encoder cannot take.
 */
export function planLadder(request: LadderRequest): Ladder {
  const { media, video, frameRate, profile } = request
  const encoder = encoders[profile.codec]
  const thinnest = Math.max(MIN_SIDE, encoder.minSide)
  const isThin = ({ width, height }: Size): boolean => Math.min(width, height) < thinnest
  const picture = displaySize(video)
  const offered = BOXES.filter(({ name }) => profile.rungs.some((rung) => rung.name === name))
  const top = topRung(picture, offered)
  requireSide(top.size, profile.codec)
  const lower = offered
    .filter(({ short }) => short < top.box.short)
    .map((box) => ({ box, size: fitInto(box, picture) }))
  const second = lower[0]
  const close =
    second !== undefined && !isThin(second.size) && pixels(top.size) < MIN_STEP * pixels(second.size)
  const chosen = [...(close ? [] : [top]), ...lower.filter(({ size }) => !isThin(size))]
  const capOf = bitrateCap({ media, video, shown: picture, frameRate, dense: encoder.dense })
  return {
    rungs: chosen.map(({ box, size }) => ({
      name: box.name,
      ...size,
      crf: profile.crf,
      ...capOf(fullCap(box, profile), size),
    })),
    kept: chosen.map(({ box, size }) => keptBox(box, size, top)),
    skipped: [
      ...BOXES.filter(({ short }) => short > top.ownShort).map((box) => skippedBox(box, 'above_source')),
      ...BOXES.filter((box) => isMissing(box, offered, top)).map((box) => skippedBox(box, 'not_in_profile')),
      ...(close ? [skippedBox(top.box, 'close_to_next')] : []),
      ...lower.filter(({ size }) => isThin(size)).map(({ box }) => skippedBox(box, 'too_thin', thinnest)),
    ],
  }
}

/** The size the picture is meant to be seen at: square pixels, upright. Grows a side, never shrinks one. */
export function displaySize({ width, height, pixel_aspect, rotation }: VideoStream): Size {
  const [horizontal, vertical] = saneAspect(pixel_aspect)
  const wide = horizontal > vertical ? (width * horizontal) / vertical : width
  const tall = vertical > horizontal ? (height * vertical) / horizontal : height
  return rotation === 90 || rotation === 270 ? { width: tall, height: wide } : { width: wide, height: tall }
}

/** Broken headers claim anything; beyond 4:1 the claim is taken for a fault, since it would only make a line. */
function saneAspect([horizontal, vertical]: Rational): Rational {
  const aspect = horizontal / vertical
  return aspect > 4 || aspect < 0.25 ? [1, 1] : [horizontal, vertical]
}

type Top = { box: Box; size: Size; ownSize: boolean; ownShort: number }

/** `ownShort` is of the smallest box that holds the picture, without end where none does. */
function topRung(picture: Size, offered: readonly Box[]): Top {
  const own = BOXES.findLast((candidate) => scaleInto(candidate, picture) >= 1)
  const ownShort = own?.short ?? Number.POSITIVE_INFINITY
  const largest = offered.find(({ short }) => short <= ownShort)
  if (own && (largest === undefined || largest === own)) {
    // Floored, so that an odd side loses a pixel instead of growing one.
    const size = { width: evenFloor(picture.width), height: evenFloor(picture.height) }
    return { box: own, size, ownSize: true, ownShort }
  }
  if (!largest) throw new Error('a profile offers no box')
  return { box: largest, size: fitInto(largest, picture), ownSize: false, ownShort }
}

/** A box that would have been filled if the profile had it. */
function isMissing(box: Box, offered: readonly Box[], top: Top): boolean {
  return box.short <= top.ownShort && box !== top.box && !offered.includes(box)
}

function requireSide({ width, height }: Size, codec: VideoProfile['codec']): void {
  const { library, minSide } = encoders[codec]
  if (Math.min(width, height) >= minSide) return
  throw new PermanentError(
    'too_small_picture',
    `the picture has ${width}×${height} pixels, and ${library} takes none thinner than ${minSide}`,
  )
}

/** What the profile has for a box, or for the smallest of its boxes where the picture is smaller than all. */
function fullCap({ name }: Box, { rungs }: VideoProfile): number {
  const caps = rungs.map((rung) => rung.max_bitrate_bps)
  return rungs.find((rung) => rung.name === name)?.max_bitrate_bps ?? Math.min(...caps)
}

function scaleInto(box: Box, { width, height }: Size): number {
  // Half a pixel of grace: 854×480.5 from a pixel aspect is still a 480p.
  return Math.min((box.long + 0.5) / Math.max(width, height), (box.short + 0.5) / Math.min(width, height))
}

/** The largest even size of a picture that fills the box, in the picture's own orientation. */
export function fitInto(box: Pick<Box, 'long' | 'short'>, { width, height }: Size): Size {
  const scale = Math.min(box.long / Math.max(width, height), box.short / Math.min(width, height))
  return { width: evenNearest(width * scale), height: evenNearest(height * scale) }
}

/** 4:2:0 shares one colour sample among 2×2 pixels: sides must be even. */
const evenFloor = (side: number): number => Math.max(2, 2 * Math.floor(side / 2 + 1e-6))
const evenNearest = (side: number): number => Math.max(2, 2 * Math.round(side / 2))

const pixels = ({ width, height }: Size): number => width * height

function keptBox(box: Box, { width, height }: Size, top: Top): Plan['kept'][number] {
  if (box === top.box && top.ownSize)
    return { name: box.name, code: 'source_size', reason: `the source's own size, ${width}×${height}` }
  if (box !== top.box || Number.isFinite(top.ownShort))
    return { name: box.name, code: 'fits_box', reason: `scaled down to ${width}×${height}` }
  return {
    name: box.name,
    code: 'largest_box',
    reason: `the source is larger than the largest box: ${width}×${height}`,
  }
}

const SKIP_REASONS = {
  above_source: () => 'the source has fewer pixels; nothing is scaled up',
  not_in_profile: () => 'the profile has no such rung',
  close_to_next: () => "the source's own size is less than 1.25 times the rung below",
  too_thin: (thinnest: number) => `the picture would be thinner than ${thinnest} pixels`,
} as const

function skippedBox(
  { name }: Box,
  code: keyof typeof SKIP_REASONS,
  thinnest = MIN_SIDE,
): Plan['skipped'][number] {
  return { kind: 'rung', name, code, reason: SKIP_REASONS[code](thinnest) }
}
