import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchSystem } from '../bench-system.ts'
import { anonymousMb } from '../cpu.ts'
import { openReaders } from './readers-process.ts'
import { type ServerKind, startServer } from './servers.ts'
import type { BusyVideo } from './video.ts'

const rounds = 5
const catchUpWithinS = 30

/** What readers cost that take nothing for a while, and what they get when they read again. */
export type Stopped = {
  idleMb: number
  /** Memory of the server at the end of each fifth of the time. */
  memoryMb: number[]
  published: number
  /** Events that a stopped reader got afterwards: the fewest and the most. */
  caughtUp: [number, number]
  /** Stopped readers whose last event was the newest one, and those who were cut off or got none. */
  current: number
  behind: number
}

/** Half of the readers stop for `seconds`, while events go on, and then read again. */
export async function measureStopped(options: {
  system: BenchSystem
  video: BusyVideo
  kind: ServerKind
  readers: number
  seconds: number
}): Promise<Stopped> {
  const { video, readers, seconds } = options
  await using server = await startServer(options.system, options.kind, video.id)
  await using clients = await openReaders(server.url, { readers, stopping: Math.floor(readers / 2) })
  await video.publish(2)
  clients.tell('stop')
  clients.tell('reset')
  const memoryMb: number[] = []
  for (let round = 0; round < rounds; round++) {
    await video.publish(seconds / rounds)
    memoryMb.push(anonymousMb(server.pid))
  }
  clients.tell('go')
  let last = await clients.report()
  const isCurrent = (reader: { newest: number }) => reader.newest === last.newest
  for (let waitedS = 0; waitedS < catchUpWithinS && !last.stopped.every(isCurrent); waitedS++) {
    await sleep(1_000)
    last = await clients.report()
  }
  const caughtUp = last.stopped.map(({ events }) => events)
  const current = last.stopped.filter(isCurrent).length
  return {
    idleMb: server.idleMb,
    memoryMb,
    published: seconds * 10,
    caughtUp: [Math.min(...caughtUp), Math.max(...caughtUp)],
    current,
    behind: last.stopped.length - current,
  }
}
