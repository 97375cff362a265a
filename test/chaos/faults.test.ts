import { afterAll, beforeAll, expect, test } from 'vitest'
import { blackHole } from './rows/network.ts'
import { postgresStopped } from './rows/postgres.ts'
import { allDamages, redisKilled, streamDamaged } from './rows/redis.ts'
import { createWorld, type RowResult, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ size: 'subset', seed: 4 })
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

function expectRight(result: RowResult): void {
  console.log(`${result.fault}: ${result.jobs} jobs; ${result.measured}`)
  expect(result.findings).toEqual([])
}

test.for(['aof', 'none'] as const)('Redis is killed, persistence: %s', async (persistence) => {
  expectRight(await redisKilled(world, persistence))
})

test.for(allDamages)('%s', async (damage) => {
  expectRight(await streamDamaged(world, damage))
})

test.for(['restart', 'outage'] as const)('PostgreSQL is stopped: %s', async (fault) => {
  expectRight(await postgresStopped(world, fault))
})

test.for(['redis', 'postgres'] as const)('a black hole between workers and %s', async (server) => {
  expectRight(await blackHole(world, server))
})
