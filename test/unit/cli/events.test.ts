import { expect, test } from 'vitest'
import { readEvents } from '../../../src/cli/client/events.ts'

async function* inPieces(text: string, size: number) {
  const bytes = new TextEncoder().encode(text)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

const stream = [
  'retry: 2000\n\n',
  ': still here\n\n',
  'event: progress\nid: 7\ndata: {"é":1}\n\n',
  'data: two\r\ndata: lines\r\n\r\n',
  'event: completed\ndata:no blank\n\n',
  'event: lost\ndata: cut off',
].join('')

for (const size of [1, 2, 3, 5, 1000]) {
  test(`events are found whatever way the bytes are cut: ${size} at a time`, async () => {
    expect(await Array.fromAsync(readEvents(inPieces(stream, size)))).toEqual([
      { event: 'progress', id: '7', data: '{"é":1}' },
      { event: 'message', id: '', data: 'two\nlines' },
      { event: 'completed', id: '', data: 'no blank' },
    ])
  })
}
