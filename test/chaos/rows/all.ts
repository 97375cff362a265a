import type { RowResult, World } from '../support/world.ts'
import { workersKilled } from './kill-worker.ts'
import { allDamages, redisKilled, streamDamaged } from './redis.ts'

/** What `--jobs` and `--kills` say; the other rows have sizes of their own. */
export type Amount = { jobs: number; kills: number }

export type Row = {
  /** As `--rows` has it. */
  name: string
  run: (world: World, amount: Amount) => Promise<RowResult>
}

/** The table of faults, in its order: first what is done to processes, then what is done to servers. */
export const rows: readonly Row[] = [
  { name: 'kill-worker', run: workersKilled },
  { name: 'redis-aof', run: (world) => redisKilled(world, 'aof') },
  { name: 'redis-empty', run: (world) => redisKilled(world, 'none') },
  ...allDamages.map((damage) => ({
    name: damage.toLowerCase().replaceAll(' ', '-'),
    run: (world: World) => streamDamaged(world, damage),
  })),
]
