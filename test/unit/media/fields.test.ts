import { describe, expect, test } from 'vitest'
import { parityOf } from '../../../src/media/plan/fields.ts'
import { countVerdicts } from '../../../src/media/probe/scan-fields.ts'

const flaggedTop = { interlaced: true, top_field_first: true }
const flaggedBottom = { interlaced: true, top_field_first: false }
const seen = (top_first: number, bottom_first: number, progressive: number) => ({
  fields: { top_first, bottom_first, progressive },
})

describe('the parity of a film', () => {
  test('is that of nine tenths of the woven frames, whatever the flags say', () => {
    expect(parityOf({ ...flaggedBottom, ...seen(180, 20, 0) })).toBe('tff')
    expect(parityOf({ ...flaggedTop, ...seen(4, 150, 46) })).toBe('bff')
  })

  test('is none where nearly all frames are progressive', () => {
    expect(parityOf({ ...flaggedTop, ...seen(2, 2, 196) })).toBeNull()
    expect(parityOf({ ...flaggedTop, ...seen(10, 0, 190) })).toBe('tff')
  })

  test('is what the flags say where the pictures are not clear, too few, or not looked at', () => {
    expect(parityOf({ ...flaggedBottom, ...seen(100, 100, 0) })).toBe('bff')
    expect(parityOf({ ...flaggedBottom, ...seen(19, 0, 0) })).toBe('bff')
    expect(parityOf({ ...flaggedTop, ...seen(0, 0, 0) })).toBe('tff')
    expect(parityOf({ ...flaggedTop, fields: null })).toBe('tff')
  })

  test('is none for film that does not claim to be interlaced, whatever it looks like', () => {
    expect(parityOf({ interlaced: false, top_field_first: true, ...seen(200, 0, 0) })).toBeNull()
  })
})

test('frames are counted by their verdict; what is undetermined, cut off or foreign is not', () => {
  const of = (verdict: string) => `lavfi.idet.multiple.current_frame=${verdict}\n`
  const report = `frame:0 pts:0\n${of('tff')}${of('bff')}${of('tff')}${of('undetermined')}${of('progressive')}lavfi.idet.multi`
  expect(countVerdicts(report)).toEqual({ top_first: 2, bottom_first: 1, progressive: 1 })
  expect(countVerdicts('')).toEqual({ top_first: 0, bottom_first: 0, progressive: 0 })
})
