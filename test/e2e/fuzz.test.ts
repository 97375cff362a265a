import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { bombard, peakMemoryMib } from '../../scripts/fuzz/http/bombard.ts'
import { readRecording } from '../../scripts/fuzz/http/recording.ts'
import { installSchemathesis } from '../../scripts/fuzz/install.ts'
import { fuzzOnce, type Pass } from '../../scripts/fuzz/pass.ts'
import { type Subject, startSubject } from '../../scripts/fuzz/subject.ts'

// `npm run fuzz` goes further, and each time elsewhere.
const seed = 7
const folder = mkdtempSync(join(tmpdir(), 'stepladder-fuzz-test-'))
const recording = join(folder, 'requests.har')
let subject: Subject
let pass: Pass

beforeAll(async () => {
  const program = await installSchemathesis()
  subject = await startSubject(inject('services'))
  const { baseUrl, headers } = subject
  const { ids, keys } = await subject.makeThings()
  const known = { ids: Object.values(ids).flat(), keys }
  pass = await fuzzOnce({
    program,
    baseUrl,
    examples: 15,
    seed,
    headers,
    recording,
    ...known,
    repeatable: true,
  })
}, 600_000)
afterAll(async () => {
  await subject?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('a thousand requests made out of the reference get answers that it tells of, and no 500', () => {
  expect(pass.failures, pass.output).toEqual([])
  const { requests, statuses, faults } = subject.answers()
  expect(faults).toEqual([])
  expect(requests).toBeGreaterThan(1000)
  // Neither only refused nor only taken.
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['200', '201', '401', '404', '422']))
})

test('three thousand mutants of them do, too, and leave rows that can be shown, removed and worked on', async () => {
  const tally = await bombard(subject, { recording: readRecording(recording), seed, requests: 3_000 })
  expect(tally.faults.slice(0, 5)).toEqual([])
  expect(subject.answers().faults).toEqual([])
  expect(tally.requests).toBeGreaterThan(3_000)
  expect(Object.keys(tally.statuses)).toEqual(
    expect.arrayContaining(['200', '201', '204', '302', '400', '401', '404', '405', '409', '415', '422']),
  )
  expect(subject.system.api.hasExited()).toBe(false)
  expect(peakMemoryMib(subject.system.api.pid)).toBeLessThan(500)
}, 600_000)
