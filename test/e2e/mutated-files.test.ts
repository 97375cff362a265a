import { expect, test } from 'vitest'
import { feedMutations, fuzzEnvironment } from '../../scripts/fuzz/feed.ts'
import { shortClip } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem } from '../support/system.ts'

test('sixty mutated files end one and all, and leave the worker alive and nothing behind', {
  timeout: 900_000,
}, async () => {
  await using system = await createTestSystem({ slots: 2, environment: fuzzEnvironment })
  const { files, findings, ends } = await feedMutations(system, { count: 60, seed: 7 })
  expect(findings).toEqual([])
  expect(files).toBe(60)
  // Both kinds are there, or the mutations are too tame or too wild to tell anything.
  const { completed = 0 } = ends
  expect(completed).toBeGreaterThan(5)
  expect(completed).toBeLessThan(55)
  const { id } = await submitFile(system, await shortClip())
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
})
