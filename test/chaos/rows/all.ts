import type { RowResult, World } from '../support/world.ts'
import { cancelRacesFinish } from './cancel-race.ts'
import { deliveredTwice } from './deliver-twice.ts'
import { redisMisconfigured, scratchFull } from './disk.ts'
import { diedAtFailpoints } from './failpoints.ts'
import { workersKilled } from './kill-worker.ts'
import { blackHole } from './network.ts'
import { workersPaused } from './pause-worker.ts'
import { poisonSubmitted } from './poison.ts'
import { postgresStopped } from './postgres.ts'
import { allDamages, redisKilled, streamDamaged } from './redis.ts'
import { workersRestarted } from './rolling-restart.ts'
import { eventsCut } from './sse.ts'
import { storeFails } from './store.ts'

/** What `--jobs` and `--kills` say; the other rows have sizes of their own. */
export type Amount = { jobs: number; kills: number }

export type Row = {
  /** As `--rows` has it. */
  name: string
  /** At short intervals also in full: its promise is not about time, and it would wait for hours. */
  short?: true
  run: (world: World, amount: Amount) => Promise<RowResult>
}

/** What is done to our own processes, and to what they are told. */
export const workerRows: readonly Row[] = [
  { name: 'kill-worker', run: workersKilled },
  { name: 'failpoints', run: diedAtFailpoints },
  { name: 'pause-worker', short: true, run: workersPaused },
  { name: 'deliver-twice', run: deliveredTwice },
  { name: 'poison', short: true, run: poisonSubmitted },
  { name: 'cancel-race', run: cancelRacesFinish },
  { name: 'rolling-restart', run: workersRestarted },
]

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
  { name: 'store-errors', run: (world) => storeFails(world, 'errors') },
  { name: 'store-outage', run: (world) => storeFails(world, 'outage') },
  { name: 'store-cut', run: (world) => storeFails(world, 'cut') },
  { name: 'scratch-full', run: scratchFull },
  { name: 'redis-misconf', run: redisMisconfigured },
  { name: 'sse-cut', run: eventsCut },
]
