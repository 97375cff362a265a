import { expect, test } from 'vitest'
import { requireWholeRun } from '../../../src/media/ffmpeg/ffmpeg-failure.ts'

test('a run may have lost so many packets as its caller allows, and none unless told', () => {
  const lossy = (decodeErrors: number) => ({
    ...{ exitCode: 0, signal: null, frames: 100, decodeErrors, endedEarly: false, fileIsCut: false },
    stderrTail: '',
  })
  expect(requireWholeRun(lossy(2), { lost: 2 })).toBeNull()
  expect(() => requireWholeRun(lossy(3), { lost: 2 })).toThrow('3 frames of the source')
  expect(() => requireWholeRun(lossy(1))).toThrow(expect.objectContaining({ code: 'corrupt_input' }))
  expect(requireWholeRun(lossy(3), { lost: 2, allowPartial: true })).toMatchObject({ code: 'corrupt_input' })
})
