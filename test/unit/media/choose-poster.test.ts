import { expect, test } from 'vitest'
import { choosePoster, JUDGED_SIDE } from '../../../src/media/manifests/choose-poster.ts'

const SIZE = JUDGED_SIDE ** 2
const flat = (value: number) => Buffer.alloc(SIZE, value)
/** From `dark` at the top to `bright` at the bottom. */
const shades = (dark: number, bright: number) =>
  Buffer.from(Array.from({ length: SIZE }, (_, index) => dark + ((bright - dark) * index) / SIZE))
const choose = (...pictures: Buffer[]) => choosePoster(Buffer.concat(pictures))

test('what is black, white or flat stands for no film', () => {
  const shown = shades(60, 180)
  for (const empty of [flat(0), shades(0, 40), flat(128), shades(220, 255), flat(255)]) {
    expect(choose(empty, empty, empty, shown, empty)).toBe(3)
  }
})

test('the picture most like the others is chosen, and the first of equals', () => {
  const night = shades(20, 70)
  const day = shades(60, 180)
  expect(choose(night, day, day, shades(70, 180), day)).toBe(1)
  expect(choose(day, night, night, night)).toBe(1)
})

test('where no picture shows anything it is the middle one', () => {
  expect(choose(flat(0))).toBe(0)
  expect(choose(flat(0), flat(0), flat(0), flat(0))).toBe(2)
})

test('there is none among none', () => {
  expect(choosePoster(Buffer.alloc(0))).toBeNull()
  expect(choosePoster(Buffer.alloc(SIZE - 1))).toBeNull()
})
