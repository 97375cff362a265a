import { expect, test } from 'vitest'
import { hasVmaf, maxVmafLogBytes } from '../../../src/media/argv/vmaf-args.ts'
import { createVmafReader } from '../../../src/media/checks/vmaf.ts'

/** As libvmaf writes it, with fewer columns. */
const header = 'Frame,integer_adm2,vmaf,integer_motion2,'
const row = (frame: number, vmaf: number | string) => `${frame},0.986272,${vmaf},1.332246,`

function read(lines: string[], expected: number) {
  const reader = createVmafReader()
  for (const line of lines) reader.line(line)
  return reader.finish(expected)
}

test('the VMAF of a chunk is the mean of its frames and the worst one, wherever its column stands', () => {
  expect(read([header, row(0, '90.500000'), row(1, '89.500000'), row(2, 93)], 3)).toEqual({
    mean: 91,
    min: 89.5,
  })
  expect(read(['vmaf', '0'], 1)).toEqual({ mean: 0, min: 0 })
  expect(read([header, row(0, '100.000000')], 1)).toEqual({ mean: 100, min: 100 })
})

test.each([
  ['nothing at all', [], 1],
  ['a header alone', [header], 1],
  ['a log without the column', ['Frame,integer_adm2,', '0,0.98,'], 1],
  ['a log without its header', [row(0, 90), row(1, 90)], 1],
  ['a frame too few', [header, row(0, 90)], 2],
  ['a frame too many', [header, row(0, 90), row(1, 90)], 1],
  ['a frame that stands elsewhere', [header, row(1, 90)], 1],
  ['a figure that is no number', [header, row(0, 'nan')], 1],
  ['a figure that is missing', [header, row(0, '')], 1],
  ['a line that was cut off', [header, '0,0.98'], 1],
])('%s gives no VMAF', (_, lines, expected) => {
  expect(() => read(lines, expected)).toThrow(expect.objectContaining({ code: 'figures_misaligned' }))
})

test('pictures too small for libvmaf are left out, and its log has room for every frame', () => {
  const rung = { name: 'r', max_bitrate_bps: 1, buffer_bits: 1, crf: 23 }
  expect([32, 30].map((height) => hasVmaf({ ...rung, width: 320, height }))).toEqual([true, false])
  expect(hasVmaf({ ...rung, width: 16, height: 64 })).toBe(false)
  // Of ffmpeg 9.0.2: 271 bytes of header, 170 a frame.
  expect(maxVmafLogBytes(1)).toBeGreaterThan(271 + 170)
  expect(maxVmafLogBytes(1_000_000)).toBeGreaterThan(271 + 170 * 1_000_000)
})
