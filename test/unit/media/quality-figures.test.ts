import { expect, test } from 'vitest'
import { createFiguresReader, sumFigures } from '../../../src/media/checks/quality-figures.ts'

const frame = (index: number, ssim: number, mse: number) =>
  [
    `frame:${index}    pts:${index}       pts_time:${index / 30}`,
    `lavfi.ssim.Y=0.5\nlavfi.ssim.All=${ssim.toFixed(6)}\nlavfi.ssim.dB=inf`,
    `lavfi.psnr.mse.y=${(2 * mse).toFixed(6)}\nlavfi.psnr.psnr.y=inf\nlavfi.psnr.mse_avg=${mse.toFixed(6)}\n`,
  ].join('\n')

function read(...pieces: string[]) {
  const reader = createFiguresReader()
  for (const piece of pieces) reader.push(Buffer.from(piece))
  return reader
}

test('the figures of a chunk are the means over its frames and the worst frame', () => {
  expect(read(frame(0, 1, 0), frame(1, 0.9, 4)).finish(2)).toEqual({
    frames: 2,
    ssim_mean: 0.95,
    ssim_min: 0.9,
    mse_y: 4,
    mse: 2,
  })
})

test('lines may come in pieces of any length', () => {
  const text = frame(0, 0.75, 3) + frame(1, 0.25, 1)
  const whole = read(text).finish(2)
  expect(read(...text).finish(2)).toEqual(whole)
})

test.each([
  ['a frame without figures', `frame:0 pts:0 pts_time:0\n${frame(1, 1, 0)}`, 2],
  ['a last frame without figures', `${frame(0, 1, 0)}frame:1 pts:1 pts_time:1\n`, 2],
  ['a frame that stands elsewhere', frame(3, 1, 0), 1],
  ['a frame without a place', 'frame:0 pts:NOPTS pts_time:NOPTS\n', 1],
  ['a frame too few', frame(0, 1, 0), 2],
  ['a frame too many', frame(0, 1, 0) + frame(1, 1, 0), 1],
  ['a figure that is no number', frame(0, Number.NaN, 0), 1],
  ['nothing at all', '', 1],
])('%s gives no figures', (_, text, expected) => {
  expect(() => read(text).finish(expected)).toThrow(expect.objectContaining({ code: 'figures_misaligned' }))
})

test('chunks weigh as many frames as they have, and errors are added before they become decibels', () => {
  const long = { frames: 300, ssim_mean: 0.99, ssim_min: 0.9, mse_y: 2, mse: 4 }
  const short = { frames: 100, ssim_mean: 0.95, ssim_min: 0.8, mse_y: 10, mse: 12 }
  expect(sumFigures([long, short])).toEqual({
    frames: 400,
    ssim_mean: 0.98,
    ssim_min: 0.8,
    // A mean squared error of 4, and of 6.
    psnr_y_db: 42.11,
    psnr_db: 40.349,
    vmaf_mean: null,
    vmaf_min: null,
  })
})

test('a picture that is the same has no decibels, and nothing measured has no figures', () => {
  const same = { frames: 5, ssim_mean: 1, ssim_min: 1, mse_y: 0, mse: 0 }
  expect(sumFigures([same])).toMatchObject({
    frames: 5,
    ssim_mean: 1,
    ssim_min: 1,
    psnr_y_db: null,
    psnr_db: null,
  })
  expect(sumFigures([])).toBeNull()
})

test('VMAF is the mean over all frames and the worst one, and null where a chunk lacks it', () => {
  const chunk = { frames: 300, ssim_mean: 1, ssim_min: 1, mse_y: 0, mse: 0, vmaf: { mean: 96, min: 91.5 } }
  const { vmaf: _, ...without } = chunk
  const short = { ...chunk, frames: 100, vmaf: { mean: 80, min: 70.25 } }
  // A chunk beyond the end of its source has nothing to be measured.
  const empty = { ...without, frames: 0 }
  expect(sumFigures([chunk, short, empty])).toMatchObject({ frames: 400, vmaf_mean: 92, vmaf_min: 70.25 })
  expect(sumFigures([chunk, { ...without, frames: 100 }])).toMatchObject({
    frames: 400,
    vmaf_mean: null,
    vmaf_min: null,
  })
})
