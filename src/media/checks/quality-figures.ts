import { z } from 'zod'
import { StepladderError } from '../../errors.ts'
import { createLineReader } from '../ffmpeg/bounded-lines.ts'

/**
 * One rung of one chunk against the source. Errors are kept as mean squares and not in decibels, so that
 * chunks can be added up, and a picture that is the same has a number.
 */
const chunkFiguresSchema = z.object({
  frames: z.int().nonnegative(),
  /** Of all planes, weighted by their samples; 1 = the same. */
  ssim_mean: z.number(),
  ssim_min: z.number(),
  /** Mean squared error of luma, and of all samples; 8 bits. */
  mse_y: z.number(),
  mse: z.number(),
  /** Absent where the worker's ffmpeg has no libvmaf, or the picture is too small for it. */
  vmaf: z.object({ mean: z.number(), min: z.number() }).optional(),
})
export type ChunkFigures = z.infer<typeof chunkFiguresSchema>

/** The result of a quality task: figures by rung, or why there are none. */
export const qualityResultSchema = z.union([
  z.object({ rungs: z.record(z.string(), chunkFiguresSchema) }),
  z.object({ skipped: z.object({ code: z.string() }) }),
])

/** `resolutions.quality`: a rung against the source over all frames that were measured. */
export type RungQuality = {
  frames: number
  ssim_mean: number
  ssim_min: number
  /** Decibels, of the mean squared error over all frames; null for a picture that is the same. */
  psnr_y_db: number | null
  psnr_db: number | null
  /** 0 to 100; null unless every chunk has it. */
  vmaf_mean: number | null
  vmaf_min: number | null
}

const MAX_LINE = 200
const FIGURE = /^lavfi\.(ssim\.All|psnr\.mse\.y|psnr\.mse_avg)=(\d+(?:\.\d+)?)$/

/**
 * Reads what the filter `metadata=mode=print` writes: a line `frame:0 pts:0 pts_time:0` for each frame,
 * and one for each figure after it. Throws `figures_misaligned` at the first frame that has not all
 * figures, or not its own place in the order: then the two sides are not of one frame.
 */
export function createFiguresReader() {
  let frames = 0
  let current: Map<string, number> | null = null
  const sums = { ssim: 0, mseY: 0, mse: 0 }
  let ssimMin = Number.POSITIVE_INFINITY

  function closeFrame(): void {
    if (current === null) return
    const ssim = current.get('ssim.All')
    const mseY = current.get('psnr.mse.y')
    const mse = current.get('psnr.mse_avg')
    if (ssim === undefined || mseY === undefined || mse === undefined) {
      throw misaligned(`frame ${frames} has nothing to be compared with`)
    }
    frames += 1
    sums.ssim += ssim
    sums.mseY += mseY
    sums.mse += mse
    ssimMin = Math.min(ssimMin, ssim)
  }

  const lines = createLineReader(MAX_LINE, (line) => {
    const pts = /^frame:\d+ +pts:(-?\d+|NOPTS) /.exec(line)?.[1]
    if (pts !== undefined) {
      closeFrame()
      current = new Map()
      if (Number(pts) !== frames) throw misaligned(`frame ${frames} stands at ${pts}`)
    }
    const [, name, value] = FIGURE.exec(line) ?? []
    if (name !== undefined) current?.set(name, Number(value))
  })

  return {
    push: (chunk: Uint8Array): void => lines.push(chunk),
    /** At the end of the run; `expected` frames were encoded. */
    finish(expected: number): ChunkFigures {
      lines.end()
      closeFrame()
      current = null
      if (frames !== expected) throw misaligned(`${frames} frames were compared of ${expected}`)
      return {
        frames,
        ssim_mean: sums.ssim / frames,
        ssim_min: ssimMin,
        mse_y: sums.mseY / frames,
        mse: sums.mse / frames,
      }
    },
  }
}

const misaligned = (message: string) => new StepladderError('figures_misaligned', message)

/** Adds up the chunks of one rung, each weighing as many frames as it has; null where none was measured. */
export function sumFigures(chunks: readonly ChunkFigures[]): RungQuality | null {
  const frames = chunks.reduce((sum, chunk) => sum + chunk.frames, 0)
  if (frames === 0) return null
  const mean = (of: (chunk: ChunkFigures) => number) =>
    chunks.reduce((sum, chunk) => sum + of(chunk) * chunk.frames, 0) / frames
  const measured = chunks.filter((chunk) => chunk.frames > 0)
  return {
    frames,
    ssim_mean: rounded(mean((chunk) => chunk.ssim_mean)),
    ssim_min: rounded(Math.min(...measured.map((chunk) => chunk.ssim_min))),
    psnr_y_db: decibels(mean((chunk) => chunk.mse_y)),
    psnr_db: decibels(mean((chunk) => chunk.mse)),
    ...sumVmaf(measured, frames),
  }
}

function sumVmaf(chunks: readonly ChunkFigures[], frames: number) {
  const found = chunks.flatMap(({ vmaf, ...chunk }) => (vmaf ? { frames: chunk.frames, ...vmaf } : []))
  // A mean of some chunks beside an SSIM of all would be of another film.
  if (found.length < chunks.length) return { vmaf_mean: null, vmaf_min: null }
  const sum = found.reduce((total, chunk) => total + chunk.mean * chunk.frames, 0)
  return {
    vmaf_mean: rounded(sum / frames),
    vmaf_min: rounded(Math.min(...found.map(({ min }) => min))),
  }
}

/** PSNR of 8-bit samples: 10 log10(255² / MSE). */
function decibels(mse: number): number | null {
  return mse > 0 ? Math.round(1000 * 10 * Math.log10(255 ** 2 / mse)) / 1000 : null
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6
