import { mean, rawVideo } from './decode.ts'

type Colour = readonly [red: number, green: number, blue: number]

/** Skin, grass, sky and grey: what a wrong matrix turns. Row by row, a quarter of the picture each. */
export const patches: readonly Colour[] = [
  [200, 130, 100],
  [70, 150, 60],
  [90, 140, 210],
  [128, 128, 128],
]

/** The largest error of a channel (of 255) in the middle of the quarters, shown as BT.709. */
export async function colourError(input: string): Promise<number> {
  const shown = await quartersOf(input)
  return Math.max(
    ...shown.flatMap((colour, i) => colour.map((value, c) => Math.abs(value - (patches[i]?.[c] ?? 0)))),
  )
}

/** The colours of the four quarters of a frame, row by row, in words. */
export async function quarterNames(input: string): Promise<string> {
  return (await quartersOf(input)).map(colourName).join(' ')
}

async function quartersOf(input: string): Promise<Colour[]> {
  const bytes = await rawVideo(input, 'scale=8:8:flags=area:in_color_matrix=bt709,format=rgb24', [
    '-frames:v',
    '1',
  ])
  // The second and sixth of eight, which no edge touches.
  return [
    [1, 1],
    [6, 1],
    [1, 6],
    [6, 6],
  ].map(([x = 0, y = 0]) => {
    const [red = 0, green = 0, blue = 0] = bytes.subarray(3 * (8 * y + x))
    return [red, green, blue]
  })
}

function colourName([red, green, blue]: Colour): string {
  const name = { '100': 'red', '010': 'green', '001': 'blue', '111': 'white', '000': 'black' }
  const key = [red, green, blue].map((value) => (value > 110 ? '1' : '0')).join('')
  return key in name ? name[key as keyof typeof name] : `rgb(${red},${green},${blue})`
}

/**
 * How far a line differs from the next (of 255, mean of the tenth to fortieth frame). For a picture of
 * upright bars: near 0 unless lines of two moments are woven into one frame.
 */
export async function combing(
  input: string,
  { width, height }: { width: number; height: number },
): Promise<number> {
  const bytes = await rawVideo(input, 'format=gray')
  const differences: number[] = []
  for (let frame = 10; frame < Math.min(40, bytes.length / (width * height)); frame++) {
    const from = frame * width * height
    for (let i = from; i < from + width * (height - 1); i++)
      differences.push(Math.abs((bytes[i] ?? 0) - (bytes[i + width] ?? 0)))
  }
  return mean(differences)
}
