import { expect, test } from 'vitest'
import { readableText } from '../../../src/courier/readable-text.ts'

test.for([
  ['thank you', 'thank you'],
  ['  two\nlines\t', 'two\nlines'],
  ['v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,hnO3f9T8Ytu9HwrX==', '<signature> <signature>'],
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '<secret>'],
  ['see https://anna:pa55@example.org/a?token=t0k3n#x.', 'see https://example.org/a?<query>'],
  ['"/hook?a=1&b=2" is wrong', '"/hook?<query>" is wrong'],
  ['what? no', 'what? no'],
  ['a\u0000b\u001b[31mc\u202ed\ue000e', 'a b [31mc d e'],
  ['half \ud83d', 'half'],
])('%j is kept as %j', ([text, kept]) => {
  expect(readableText(text ?? '')).toBe(kept)
})

test('no more than a thousand characters are kept, and no half one', () => {
  expect(readableText('x'.repeat(5_000))).toHaveLength(1_000)
  expect(readableText(`${'x'.repeat(999)}😀`).isWellFormed()).toBe(true)
})
