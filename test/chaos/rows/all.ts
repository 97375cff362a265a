import type { RowResult, World } from '../support/world.ts'
import { workersKilled } from './kill-worker.ts'
import { blackHole } from './network.ts'
import { postgresStopped } from './postgres.ts'
import { allDamages, redisKilled, streamDamaged } from './redis.ts'

/** What `--jobs` and `--kills` say; the other rows have sizes of their own. */
export type Amount = { jobs: number; kills: number }

export type Row = {
  /** As `--rows` has it. */
  name: string
  run: (world: World, amount: Amount) => Promise<RowResult>
}

/** What is done to our own processes, and to what they are told. */
export const workerRows: readonly Row[] = [{ name: 'kill-worker', run: workersKilled }]

/** What is done to the servers, and to the ways to them. */
export const serverRows: readonly Row[] = [
  { name: 'redis-aof', run: (world) => redisKilled(world, 'aof') },
  { name: 'redis-empty', run: (world) => redisKilled(world, 'none') },
  ...allDamages.map((damage) => ({
    name: damage.toLowerCase().replaceAll(' ', '-'),
    run: (world: World) => streamDamaged(world, damage),
  })),
  { name: 'postgres-restart', run: (world) => postgresStopped(world, 'restart') },
  { name: 'postgres-outage', run: (world) => postgresStopped(world, 'outage') },
  { name: 'black-hole-redis', run: (world) => blackHole(world, 'redis') },
  { name: 'black-hole-postgres', run: (world) => blackHole(world, 'postgres') },
]
