import { expect, inject, test } from 'vitest'
import { installSchemathesis } from '../../scripts/fuzz/install.ts'
import { fuzzOnce } from '../../scripts/fuzz/pass.ts'
import { startSubject } from '../../scripts/fuzz/subject.ts'

test('thousands of requests made out of the document get answers that it tells of, and no 500', async () => {
  const program = await installSchemathesis()
  await using subject = await startSubject(inject('services'))
  const { baseUrl } = subject
  const things = await subject.makeThings()
  // `npm run fuzz` goes further, and each time elsewhere.
  const pass = await fuzzOnce({ program, baseUrl, examples: 15, seed: 7, ...things, repeatable: true })
  expect(pass.failures, pass.output).toEqual([])
  const { requests, statuses, faults } = subject.answers()
  expect(faults).toEqual([])
  expect(requests).toBeGreaterThan(1000)
  // Neither only refused nor only taken.
  expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['200', '201', '404', '422']))
}, 600_000)
