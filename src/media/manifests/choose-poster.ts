/** Side of the square of luma that a picture is judged by, a byte a pixel in full range. */
export const JUDGED_SIDE = 32
const SIZE = JUDGED_SIDE ** 2

const BINS = 16
/** A mean outside is a black or a white screen; less deviation is a flat one. */
const MEANS = [32, 224] as const
const LEAST_DEVIATION = 10

/**
 * Which of the pictures, given by their luma one after another, stands for the film: among those that
 * are neither black, white nor flat the one whose histogram is nearest to their mean one, as ffmpeg's
 * filter `thumbnail` chooses within a scene. The middle one where all are. Null for no pictures.
 */
export function choosePoster(luma: Uint8Array): number | null {
  const count = Math.floor(luma.length / SIZE)
  if (count === 0) return null
  const pictures = Array.from({ length: count }, (_, index) => {
    return { index, luma: luma.subarray(index * SIZE, (index + 1) * SIZE) }
  })
  const worthy = pictures
    .filter((picture) => showsSomething(picture.luma))
    .map(({ index, luma: own }) => ({ index, histogram: histogramOf(own) }))
  const mean = Array.from({ length: BINS }, (_, bin) =>
    average(worthy.map(({ histogram }) => histogram[bin])),
  )
  const distance = (histogram: readonly number[]) =>
    histogram.reduce((sum, share, bin) => sum + (share - (mean[bin] ?? 0)) ** 2, 0)
  const [nearest] = worthy
    .map(({ index, histogram }) => ({ index, distance: distance(histogram) }))
    .sort((a, b) => a.distance - b.distance || a.index - b.index)
  return nearest?.index ?? Math.floor(count / 2)
}

function showsSomething(luma: Uint8Array): boolean {
  const mean = average([...luma])
  const deviation = Math.sqrt(average([...luma].map((value) => (value - mean) ** 2)))
  return mean >= MEANS[0] && mean <= MEANS[1] && deviation >= LEAST_DEVIATION
}

/** Pixels by brightness. */
function histogramOf(luma: Uint8Array): number[] {
  const bins = Array<number>(BINS).fill(0)
  for (const value of luma) {
    const bin = Math.floor((value * BINS) / 256)
    bins[bin] = (bins[bin] ?? 0) + 1
  }
  return bins
}

const average = (values: readonly (number | undefined)[]): number =>
  values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / Math.max(1, values.length)
