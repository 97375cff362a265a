import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '../rows/all.ts'
import { createWorld, type World } from './world.ts'

/** The submissions and kills of the first row. */
const amount = { jobs: 60, kills: 40 }
const seed = 4

/** Tests of these rows at their small size, one after another on one set of servers. */
export function testRows(rows: readonly Row[]): void {
  let world: World
  beforeAll(async () => {
    world = await createWorld({ size: 'subset', seed })
  }, 60_000)
  afterAll(() => world[Symbol.asyncDispose]())

  test.for(rows.map((row) => ({ row, name: row.name })))('$name', async ({ row }) => {
    const result = await row.run(world, amount)
    console.log(
      `${result.fault}: ${result.runs} times, ${result.jobs} jobs; ${result.measured} (seed ${seed})`,
    )
    expect(result.findings).toEqual([])
  })
}
