import { rawVideo } from './decode.ts'

const COLUMNS = 16
/** Bits of the number: 16,384 frames. */
const BITS = 14

/**
 * Filters that write each frame's number into the lowest eighth of the picture: a column a bit,
 * white for one, the lowest bit on the left. It survives scaling and hard compression.
 */
export function numbering(): string {
  const box = (x: string, width: string, colour: string, more = '') =>
    `drawbox=x=${x}:y=ih*7/8:w=${width}:h=ih/8+1:color=${colour}:t=fill${more}`
  const bits = Array.from({ length: BITS }, (_, bit) =>
    box(`iw*${bit}/${COLUMNS}`, `iw/${COLUMNS}+1`, 'white', `:enable='mod(floor(n/${2 ** bit}),2)'`),
  )
  return [box('0', 'iw', 'black'), ...bits].join(',')
}

/** The numbers of all frames of a film, as a player would show them: edit lists count, covers do not. */
export async function frameNumbers(input: string): Promise<number[]> {
  const strip = `crop=iw:ih/16:0:ih*29/32,scale=${COLUMNS}:1:flags=area,format=gray`
  const bytes = await rawVideo(input, strip)
  return Array.from({ length: bytes.length / COLUMNS }, (_, frame) => {
    const columns = bytes.subarray(frame * COLUMNS, frame * COLUMNS + BITS)
    return columns.reduce((sum, value, bit) => sum + (value > 128 ? 2 ** bit : 0), 0)
  })
}

/** Where two lists of frames part, in words; null if they do not. */
export function difference(got: readonly number[], wanted: readonly number[]): string | null {
  const at = wanted.findIndex((number, index) => got[index] !== number)
  if (at >= 0) return `frame ${at} shows ${got[at] ?? 'nothing'} for ${wanted[at]}`
  return got.length > wanted.length ? `${got.length - wanted.length} frames more` : null
}
