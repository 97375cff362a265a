import { StepladderError } from '../../errors.ts'

export type Vmaf = { mean: number; min: number }

/**
 * Reads the log of libvmaf by lines: `Frame,…,vmaf,` and then one for each frame. `finish` throws
 * `figures_misaligned` unless it has each of the `expected` frames in its place, with a number.
 */
export function createVmafReader() {
  let column: number | null = null
  let frames = 0
  let sum = 0
  let min = Number.POSITIVE_INFINITY

  return {
    line(text: string): void {
      const cells = text.split(',')
      if (column === null) {
        column = cells.indexOf('vmaf')
        return
      }
      const value = Number(cells[column] || Number.NaN)
      if (cells[0] !== String(frames) || !Number.isFinite(value)) {
        throw misaligned(`frame ${frames} has no VMAF`)
      }
      frames += 1
      sum += value
      min = Math.min(min, value)
    },
    finish(expected: number): Vmaf {
      if (frames !== expected) throw misaligned(`${frames} frames have a VMAF of ${expected}`)
      return { mean: sum / frames, min }
    },
  }
}

const misaligned = (message: string) => new StepladderError('figures_misaligned', message)
