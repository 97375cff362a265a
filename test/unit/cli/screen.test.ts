import { expect, test } from 'vitest'
import { transferBlock } from '../../../src/cli/screen/blocks.ts'
import { createScreen } from '../../../src/cli/screen/screen.ts'

const moves = /(?:\p{Cc}\[(\d+)A)?\r\p{Cc}\[J|\n|\P{Cc}+/gu

/** What a terminal of this size would show: it knows line feeds, cursor up and erase below. */
function terminal(columns: number, rows: number) {
  let lines: string[] = ['']
  const write = (text: string) => {
    for (const [piece, up] of text.matchAll(moves)) {
      if (up) lines = [...lines.slice(0, lines.length - 1 - Number(up)), '']
      else if (piece === '\n') lines.push('')
      else if (piece.startsWith('\r')) lines.splice(-1, 1, '')
      else lines.push(lines.pop() + piece)
    }
    return true
  }
  return { out: { write, isTTY: true, columns, rows }, shown: () => lines.join('\n') }
}

const bytes = (title: string, done: number) =>
  transferBlock(title, { bytes: done, totalBytes: 100, bytesPerSecond: null })

test('blocks are drawn over in place, each at its own, and sentences go above', () => {
  const { out, shown } = terminal(80, 24)
  const screen = createScreen({ out, colours: false })
  screen.show('a', bytes('a.mp4', 0))
  screen.show('b', bytes('b.mp4', 10))
  screen.say('connecting again')
  screen.show('a', bytes('a.mp4', 50))
  expect(shown().split('\n')).toEqual([
    'connecting again',
    'a.mp4',
    expect.stringMatching(/^▕█+ +▏ {3}50\.0 % {2}uploading {2}50 B of 100 B$/),
    'b.mp4',
    expect.stringContaining('10.0 %'),
    '',
  ])
  screen.settle()
  screen.say('done')
  expect(shown().split('\n').slice(-2)).toEqual(['done', ''])
})

test('no row is wider than the terminal, and there are never more of them than it can draw over', () => {
  const { out, shown } = terminal(30, 5)
  const screen = createScreen({ out, colours: false })
  for (let i = 0; i < 9; i++) screen.show(`${i}`, bytes(`${i} ${'映'.repeat(40)}`, 1))
  const rows = shown().split('\n')
  expect(rows.length).toBe(5)
  expect(rows.at(-2)).toBe('… and 6 more')
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(30)
})

test('elsewhere there is a line at the start and one at the end, without a cursor move', () => {
  let text = ''
  const write = (piece: string) => {
    text += piece
    return true
  }
  const out = { write, isTTY: false, columns: 80, rows: 24 }
  const screen = createScreen({ out, colours: false })
  for (let done = 0; done <= 100; done++) screen.show('a', bytes('a\x1b[2J.mp4', done))
  expect(text.split('\n')).toEqual([
    'a�[2J.mp4: 0.0 %  uploading  0 B of 100 B',
    'a�[2J.mp4: 100.0 %  uploading  100 B of 100 B',
    '',
  ])
})
