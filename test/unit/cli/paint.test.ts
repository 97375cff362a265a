import { expect, test } from 'vitest'
import { harmlessJson, paint } from '../../../src/cli/screen/paint.ts'
import { table } from '../../../src/cli/screen/table.ts'
import { clipped, textWidth } from '../../../src/cli/screen/text-width.ts'

const hostile = 'a\x1b[2J\x1b]0;owned\x07b\r\n\x9b31mc\u202etxt.4pm\ud800\u2028d'
const dangerous = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|[\u202a-\u202e\u2066-\u2069]/u

test('no text sends a control character to a terminal, whatever style it is in', () => {
  expect(paint(hostile, true)).not.toMatch(dangerous)
  const styled = paint([{ text: hostile, style: 'red' }, ' ', { text: 'fine', style: 'bold' }], true)
  const withoutOurs = styled
    .replace('\x1b[31m', '')
    .replace('\x1b[39m', '')
    .replace('\x1b[1m', '')
    .replace('\x1b[22m', '')
  expect(withoutOurs).not.toMatch(dangerous)
  expect(withoutOurs).toContain('fine')
})

test('without colours nothing but the text comes out, and emoji stay whole', () => {
  expect(paint([{ text: 'failed', style: 'red' }, ' 👩‍💻 naïve 映画'], false)).toBe('failed 👩‍💻 naïve 映画')
})

test('JSON for a terminal says the same and has no control character either', () => {
  const value = { title: hostile.toWellFormed(), list: ['\x7f', '\u200b', '👩‍💻'] }
  for (const indent of [0, 2]) {
    const text = harmlessJson(value, indent)
    expect(text.replaceAll('\n', '')).not.toMatch(dangerous)
    expect(JSON.parse(text)).toEqual(value)
  }
})

test('width counts what a terminal draws', () => {
  expect(['film', '映画', 'ｆ', 'é', 'e\u0301', '🎬', '👩‍💻', '⚠️'].map(textWidth)).toEqual([
    4, 4, 2, 1, 1, 2, 2, 2,
  ])
})

test('a text is cut between characters and never wider than asked', () => {
  expect([clipped('a film', 6), clipped('a film', 5), clipped('a film', 1), clipped('a film', 0)]).toEqual([
    ...['a film', 'a fi…', '…', ''],
  ])
  expect([clipped('映画だ', 4), clipped('映画だ', 5)]).toEqual(['映…', '映画…'])
})

test('columns stand in line under wide characters too, and no line ends in spaces', () => {
  const columns = { title: 'left', size: 'right', error: 'left' } as const
  const rows = [
    ['映画', '7', ''],
    ['a film', '12', { text: 'bad', style: 'red' } as const],
  ]
  expect(table(columns, rows).map((line) => paint(line, false))).toEqual([
    'title   size  error',
    '映画       7',
    'a film    12  bad',
  ])
})
