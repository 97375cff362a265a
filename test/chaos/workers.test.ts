import { afterAll, beforeAll, expect, test } from 'vitest'
import { workersKilled } from './rows/kill-worker.ts'
import { createWorld, type RowResult, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ size: 'subset', seed: 4 })
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

function expectRight(result: RowResult): void {
  console.log(`${result.fault}: ${result.runs} times, ${result.jobs} jobs; ${result.measured}`)
  expect(result.findings).toEqual([])
}

test('a worker is killed at random', async () => {
  expectRight(await workersKilled(world, { jobs: 60, kills: 40 }))
})
