import type { MediaInfo, Plan, Rational, Rung, VideoStream } from './model.ts'

type Size = { width: number; height: number }

/** A box is long side × short side and takes a picture in the picture's own orientation. */
type Box = { name: string; long: number; short: number; capBps: number }

/** Caps are for up to 30 frames a second. */
const BOXES: readonly Box[] = [
  { name: '2160p', long: 3840, short: 2160, capBps: 16_000_000 },
  { name: '1440p', long: 2560, short: 1440, capBps: 9_000_000 },
  { name: '1080p', long: 1920, short: 1080, capBps: 5_000_000 },
  { name: '720p', long: 1280, short: 720, capBps: 2_800_000 },
  { name: '480p', long: 854, short: 480, capBps: 1_400_000 },
  { name: '360p', long: 640, short: 360, capBps: 800_000 },
  { name: '240p', long: 426, short: 240, capBps: 400_000 },
  { name: '144p', long: 256, short: 144, capBps: 200_000 },
]

const CRF = 23

/** The top rung must be worth its own encode: so many times the pixels of the one below. */
const MIN_STEP = 1.25

/** A rung thinner than one macroblock shows nothing. */
const MIN_SIDE = 16

export type Ladder = { rungs: Rung[]; kept: Plan['kept']; skipped: Plan['skipped'] }

/**
 * The rungs for a picture, highest first, and what became of each box. The top rung is the picture
 * at its own size under the name of the smallest box that holds it; below it each smaller box is
 * filled. Nothing is scaled up.
 */
export function planLadder(media: MediaInfo, video: VideoStream, frameRate: Rational): Ladder {
  const picture = displaySize(video)
  const top = topRung(picture)
  const lower = BOXES.slice(BOXES.indexOf(top.box) + 1).map((box) => ({ box, size: fitInto(box, picture) }))
  const second = lower[0]
  const close =
    second !== undefined && !isThin(second.size) && pixels(top.size) < MIN_STEP * pixels(second.size)
  const chosen = [...(close ? [] : [top]), ...lower.filter(({ size }) => !isThin(size))]
  const capOf = bitrateCap(media, video, frameRate)
  return {
    rungs: chosen.map(({ box, size }) => ({ name: box.name, ...size, crf: CRF, ...capOf(box, size) })),
    kept: chosen.map(({ box, size }) => keptBox(box, size, top)),
    skipped: [
      ...BOXES.slice(0, BOXES.indexOf(top.box)).map(({ name }) => skippedBox(name, 'above_source')),
      ...(close ? [skippedBox(top.box.name, 'close_to_next')] : []),
      ...lower.filter(({ size }) => isThin(size)).map(({ box }) => skippedBox(box.name, 'too_thin')),
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

function topRung(picture: Size): { box: Box; size: Size; ownSize: boolean } {
  const box = BOXES.findLast((candidate) => scaleInto(candidate, picture) >= 1)
  // Floored, so that an odd side loses a pixel instead of growing one.
  if (box)
    return {
      box,
      size: { width: evenFloor(picture.width), height: evenFloor(picture.height) },
      ownSize: true,
    }
  const [largest] = BOXES
  if (!largest) throw new Error('there are no boxes')
  return { box: largest, size: fitInto(largest, picture), ownSize: false }
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
const isThin = ({ width, height }: Size): boolean => Math.min(width, height) < MIN_SIDE

/**
 * The VBV cap of a rung (bits per second) and its buffer of two seconds. More than 30 frames a
 * second cost up to half as much again and not twice, since neighbours are more alike. And more
 * bits than the source had for the same picture only encode its faults: the source's rate, shrunk
 * by pixels^0.75 (a smaller picture needs more bits a pixel), is the ceiling. The floor of a
 * quarter keeps a wrong header from starving a rung; CRF decides below the cap anyway.
 */
function bitrateCap(media: MediaInfo, video: VideoStream, [frames, seconds]: Rational) {
  const overThirty = Math.min(1, Math.max(0, frames / seconds / 30 - 1))
  const sourceBps = sourceBitrate(media, video)
  const sourcePixels = pixels(displaySize(video))
  return (box: Box, size: Size): Pick<Rung, 'max_bitrate_bps' | 'buffer_bits'> => {
    const full = box.capBps * (1 + overThirty / 2)
    const share = sourceBps === null ? full : sourceBps * Math.min(1, pixels(size) / sourcePixels) ** 0.75
    const cap = Math.round(Math.min(full, Math.max(share, full / 4)))
    return { max_bitrate_bps: cap, buffer_bits: 2 * cap }
  }
}

/** H.264 needs about twice the bits of these for the same picture. */
const DENSE_CODECS = new Set(['hevc', 'vp9', 'av1'])

function sourceBitrate(media: MediaInfo, video: VideoStream): number | null {
  const audioBps = media.audio.reduce((sum, track) => sum + (track.bitrate_bps ?? 0), 0)
  const own = video.bitrate_bps ?? (media.bitrate_bps === null ? null : media.bitrate_bps - audioBps)
  if (own === null || own <= 0) return null
  return DENSE_CODECS.has(video.codec) ? 2 * own : own
}

function keptBox(
  box: Box,
  { width, height }: Size,
  top: { box: Box; ownSize: boolean },
): Plan['kept'][number] {
  if (box !== top.box)
    return { name: box.name, code: 'fits_box', reason: `scaled down to ${width}×${height}` }
  if (top.ownSize)
    return { name: box.name, code: 'source_size', reason: `the source's own size, ${width}×${height}` }
  return {
    name: box.name,
    code: 'largest_box',
    reason: `the source is larger than the largest box: ${width}×${height}`,
  }
}

const SKIP_REASONS = {
  above_source: 'the source has fewer pixels; nothing is scaled up',
  close_to_next: "the source's own size is less than 1.25 times the rung below",
  too_thin: 'the picture would be thinner than 16 pixels',
} as const

function skippedBox(name: string, code: keyof typeof SKIP_REASONS): Plan['skipped'][number] {
  return { kind: 'rung', name, code, reason: SKIP_REASONS[code] }
}
