import type { VideoPlan, VideoStream } from '../model.ts'

/** Nits of diffuse white (ITU-R BT.2408), which tone mapping puts at 1.0. */
const WHITE_NITS = 203

/** PQ content is graded for 1000 nits unless it says otherwise; HLG is relative to such a display. */
const USUAL_PEAK_NITS = 1000

/** Up to here a picture without tags is taken for standard definition, which is BT.601. */
const LARGEST_SD_LINES = 576

type Colour = Pick<VideoPlan, 'tone_map' | 'full_range' | 'matrix'>

/** How the colours of a source become what is made of all: BT.709, limited range, 8 bits. */
export function planColour(video: VideoStream): Colour {
  return { tone_map: planToneMap(video), full_range: isFullRange(video), matrix: matrixOf(video) }
}

function planToneMap({ color }: VideoStream): VideoPlan['tone_map'] {
  const { transfer } = color
  if (transfer !== 'smpte2084' && transfer !== 'arib-std-b67') return null
  const peakNits = transfer === 'smpte2084' ? (color.max_cll ?? USUAL_PEAK_NITS) : USUAL_PEAK_NITS
  return { transfer, peak: Math.min(10_000, Math.max(WHITE_NITS, peakNits)) / WHITE_NITS }
}

/** The old `yuvj` formats say full range by their name. */
function isFullRange({ color, pixel_format }: VideoStream): boolean {
  return color.range === 'pc' || (pixel_format?.startsWith('yuvj') ?? false)
}

/** A wrong matrix turns greens and reds: skin becomes sallow where BT.601 is shown as BT.709. */
function matrixOf({ color, width, height }: VideoStream): VideoPlan['matrix'] {
  switch (color.space) {
    case 'smpte170m':
    case 'bt470bg':
      return 'smpte170m'
    case 'smpte240m':
    case 'fcc':
      return color.space
    case 'bt2020nc':
    case 'bt2020c':
      return 'bt2020'
    case null:
    case 'unknown':
    case 'reserved':
      return Math.min(width, height) <= LARGEST_SD_LINES ? 'smpte170m' : 'bt709'
    default:
      return 'bt709'
  }
}
