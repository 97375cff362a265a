import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../src/error-codes.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

type Words = Record<string, unknown>

/** A module of the page, whose types the rest of the project does not see. */
const page = <Exports>(path: string): Promise<Exports> => import(join(root, 'src/api/web', path))

/** The codes of a table: those of its first cells. */
function codesOf(text: string): string[] {
  const cells = text.split('\n').filter((line) => line.startsWith('| `'))
  return cells.flatMap((line) =>
    [...(line.split('|')[1] ?? '').matchAll(/`([a-z0-9_]+)`/g)].map(([, code = '']) => code),
  )
}

/** The part of a page from one text on to the next. */
function between(file: string, from: string, to: string): string {
  const text = read(file)
  const start = text.indexOf(from)
  expect(start).toBeGreaterThan(-1)
  return text.slice(start, text.indexOf(to, start))
}

test('every code of a plan that the media page explains has its sentence on the page of a video, and no other', async () => {
  const { keptWords, skippedWords, warningWords, singleChunkWords } =
    await page<Record<string, Words>>('video/plan-words.js')
  const ladder = codesOf(between('docs/media.md', '| code in `plan.kept`', '## Picture'))
  const perTitle = codesOf(between('docs/media.md', '| code in `plan.skipped` |', 'What a rung needs'))
  const known = [...Object.keys(keptWords ?? {}), ...Object.keys(skippedWords ?? {})]
  expect(ladder.length).toBeGreaterThan(12)
  expect(known.sort()).toEqual([...new Set([...ladder, ...perTitle])].sort())
  expect(Object.keys(warningWords ?? {}).sort()).toEqual(
    codesOf(between('docs/media.md', '## Warnings', '## What goes in')).sort(),
  )
  expect(Object.keys(singleChunkWords ?? {}).sort()).toEqual(
    codesOf(between('docs/media.md', '`plan.single_chunk` says why', '## Sound')).sort(),
  )
})

test('every check of the media page, and every kind of event, has its words', async () => {
  const { checkWords } = await page<Record<string, Words>>('video/checks-panel.js')
  const checks = codesOf(between('docs/media.md', '## Checks', '## Damaged sources'))
  expect(Object.keys(checkWords ?? {}).sort()).toEqual(checks.sort())

  const { eventWords } = await page<Record<string, Words>>('video/timeline-words.js')
  const line = between(
    'docs/jobs.md',
    '`GET /videos/{id}/events` merges the rows of `events` (',
    ') with `task_runs`',
  )
  const kinds = [...line.slice(line.indexOf('(')).matchAll(/`([a-z_]+)`/g)].map(([, kind]) => kind)
  expect(kinds.length).toBeGreaterThan(8)
  expect(Object.keys(eventWords ?? {}).sort()).toEqual(kinds.sort())
})

test('a sentence is made of what the API says, with its figures, and of codes nobody knows here', async () => {
  const { planSentence, keptWords, skippedWords } = await page<{
    keptWords: Words
    skippedWords: Words
    planSentence: (words: Words, entry: { code: string; reason: string }) => string
  }>('video/plan-words.js')
  expect(planSentence(keptWords, { code: 'fits_box', reason: 'scaled down to 640×360' })).toBe(
    'Scaled down to 640×360.',
  )
  const reason = '720p scaled up looks the same: SSIM 0.9971 or more where sampled'
  expect(planSentence(skippedWords, { code: 'per_title_no_detail', reason })).toContain(`: ${reason}.`)
  expect(planSentence(skippedWords, { code: 'of_tomorrow', reason: 'it rained' })).toBe('It rained.')
  expect(planSentence(skippedWords, { code: 'toString', reason: 'it rained' })).toBe('It rained.')
})

test('every code that can fail a video comes with what to do about it', async () => {
  const { adviceFor } = await page<{ adviceFor: (code: string) => string }>('video/failure-words.js')
  const own = adviceFor('internal_error')
  const without = Object.entries(errorCodes)
    .filter(([, { class: kind }]) => ['permanent', 'transient', 'poison'].includes(kind))
    .map(([code]) => code)
    .filter((code) => adviceFor(code) === own)
  expect(without).toEqual([])
  expect(adviceFor('bad_box')).toBe(own)
  expect(adviceFor('constructor')).toBe(own)
})
