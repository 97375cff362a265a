import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readArguments } from '../../scripts/demo/arguments.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepladder-arguments-'))
  writeFileSync(join(folder, 'film.mp4'), 'film')
  writeFileSync(join(folder, 'empty.mp4'), '')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a file, a URL or nothing', () => {
  const path = join(folder, 'film.mp4')
  expect(readArguments([path])).toEqual({ source: { kind: 'file', path }, once: false })
  const url = 'https://example.com/film.mp4'
  expect(readArguments(['--once', url])).toEqual({ source: { kind: 'url', url }, once: true })
  expect(readArguments([])).toEqual({ source: { kind: 'generated' }, once: false })
})

test.for([
  ['an unknown option', ['--fast'], /Unknown option '--fast'/],
  ['a missing file', ['/nowhere/film.mp4'], /no such file/],
  ['an empty file', ['FOLDER/empty.mp4'], /is empty/],
  ['a folder', ['FOLDER'], /not a file/],
  ['another scheme', ['ftp://example.com/film.mp4'], /not an http or https URL/],
  ['two files', ['a.mp4', 'b.mp4'], /one file or URL/],
] as const)('%s is refused with a sentence', ([, argv, sentence]) => {
  const read = () => readArguments(argv.map((argument) => argument.replace('FOLDER', folder)))
  expect(read).toThrow(sentence)
  expect(read).toThrow(expect.objectContaining({ code: 'usage' }))
})
