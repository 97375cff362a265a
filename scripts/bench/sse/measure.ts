import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchSystem } from '../bench-system.ts'
import { ownCpuSeconds, watchMemory } from '../cpu.ts'
import { openReaders } from './readers-process.ts'
import { type ServerKind, startServer } from './servers.ts'
import type { BusyVideo } from './video.ts'

/** What one server took for one set of readers. `cpuUs` and the delays are for one event to one reader. */
export type Cost = {
  cpuUs: number
  p50Ms: number
  p99Ms: number
  memoryMb: number
  growthMb: number
  events: number
}

/**
 * Starts the server, opens the readers, lets things settle, then counts for so many seconds. Memory is what
 * the process holds alone (RssAnon): the most while it is counted, and how much more than before anybody came.
 */
export async function measure(options: {
  system: BenchSystem
  video: BusyVideo
  kind: ServerKind
  readers: number
  seconds: number
}): Promise<Cost> {
  const { video, readers, seconds } = options
  await using server = await startServer(options.system, options.kind, video.id)
  await using clients = await openReaders(server.url, { readers, stopping: 0 })
  await video.publish(2)
  clients.tell('reset')
  const [cpu, memory] = [ownCpuSeconds(server.pid), watchMemory(server.pid)]
  await video.publish(seconds)
  await sleep(500)
  const cpuS = ownCpuSeconds(server.pid) - cpu
  const { events, p50Ms, p99Ms } = await clients.report()
  const memoryMb = memory().own
  return {
    cpuUs: (cpuS / events) * 1e6,
    p50Ms,
    p99Ms,
    memoryMb,
    growthMb: memoryMb - server.idleMb,
    events,
  }
}
