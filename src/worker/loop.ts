import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import { type ClaimedTask, claimTask, lookAgain } from '../jobs/claim.ts'
import { returnHints } from '../jobs/dispatch.ts'
import { releaseUnbegun } from '../jobs/release.ts'
import type { Reader } from '../queue/reader.ts'
import type { StreamEntry } from '../queue/stream.ts'
import type { Breakers } from '../runs/breakers.ts'
import type { WorkerContext } from './context.ts'
import type { Started } from './run-task.ts'
import { requireScratch } from './scratch-room.ts'
import { createSlots } from './slots.ts'

type Start = (
  task: ClaimedTask,
  entryId: string,
  // The lease is kept from now on; the work begins when `ready` resolves.
  slot: { running: () => number; ready: Promise<unknown> },
) => Started

/**
 * Takes hints while a slot is free and turns each into a claim. Returns when `drain` is aborted and
 * every run has ended.
 */
export async function runLoop(
  context: WorkerContext,
  options: {
    reader: Reader
    start: Start
    drain: AbortSignal
    breakers: Pick<Breakers, 'allClosed' | 'missing'>
  },
): Promise<void> {
  const { reader, drain, breakers } = options
  const { log, config } = context
  const slots = createSlots(config.WORKER_SLOTS)
  const runs = new Map<number, Started>()
  let sweptAt = 0
  let connection = reader.connection()

  while (!drain.aborted) {
    await slots.free(drain)
    await breakers.allClosed(drain)
    if (drain.aborted) break
    if (Date.now() - sweptAt > config.SWEEP_MS || reader.connection() !== connection) {
      sweptAt = Date.now()
      connection = reader.connection()
      await sweepOwnPending()
      continue
    }
    const entry = await reader.next(drain)
    if (entry) await take(entry)
  }
  await Promise.allSettled([...runs.values()].map((run) => run.ended))

  /** Entries that were delivered to us and got lost on the way: a cut reply, an earlier life of this worker. */
  async function sweepOwnPending(): Promise<void> {
    try {
      const entries = await context.stream.pendingOf(context.consumer)
      const known = new Set([...runs.values()].map((run) => run.entryId))
      for (const entry of entries) {
        if (known.has(entry.id)) continue
        await slots.free(drain)
        if (drain.aborted || breakers.missing().length > 0) return
        await take(entry)
      }
    } catch (error) {
      context.report(error)
      log.warn({ err: messageOf(error) }, 'the sweep of own pending entries failed')
    }
  }

  async function take(entry: StreamEntry): Promise<void> {
    try {
      context.reach('read')
      await requireScratch(config).catch(context.report)
      // The read was blocking when a need went away: somebody else may have all there is.
      if (breakers.missing().length > 0) return await giveBack(context, [entry])
      const task = await claim(entry)
      if (task) context.reach('claimed')
      if (task) await begin(task, entry.id)
    } catch (error) {
      // The entry stays in our pending list. The claim may be committed and only its answer lost: the sweep
      // adopts it, and comes before the lease is over.
      sweptAt = 0
      context.report(error)
      log.warn({ err: messageOf(error), entry: entry.id }, 'claiming failed')
      await sleep(500, undefined, { signal: drain }).catch(() => {})
    }
  }

  async function claim(entry: StreamEntry): Promise<ClaimedTask | null> {
    if (entry.taskId === null) {
      if (entry.unreadable) log.warn({ entry: entry.id, found: entry.unreadable }, 'unreadable entry dropped')
      await context.stream.settle([entry.id])
      return null
    }
    const claimer = { workerId: context.workerId, taskId: entry.taskId, entryId: entry.id }
    const task = await claimTask(context.sql, { ...claimer, leaseMs: config.LEASE_MS })
    if (task) return task
    const again = await lookAgain(context.sql, claimer)
    if (again.verdict === 'drop') await context.stream.settle([entry.id])
    if (again.verdict === 'adopted' && runs.get(again.task.taskId)?.entryId !== entry.id) return again.task
    return null
  }

  async function begin(task: ClaimedTask, entryId: string): Promise<void> {
    // An older run of the same task in this process is at its end already: wait until it is gone. And
    // one that took its worker down twice runs alone, so that it cannot fail its neighbours.
    const older = runs.get(task.taskId)
    older?.abort()
    const alone = task.crashes >= 2
    const before = alone ? [...runs.values()] : older ? [older] : []
    const release = slots.take()
    const ready = Promise.allSettled(before.map((run) => run.ended))
    const run = options.start(task, entryId, { running: slots.running, ready })
    runs.set(task.taskId, run)
    const ended = run.ended.finally(() => {
      if (runs.get(task.taskId) === run) runs.delete(task.taskId)
      release()
    })
    if (alone) await ended
  }
}

/** Entries that were delivered to us and of which nothing runs here go to whoever reads next. */
export async function giveBack(
  { sql, stream, workerId }: Pick<WorkerContext, 'sql' | 'stream' | 'workerId'>,
  entries: readonly StreamEntry[],
): Promise<void> {
  const ids = entries.map((entry) => entry.id)
  await returnHints(sql, ids)
  await releaseUnbegun(sql, { workerId, entryIds: ids })
  await stream.settle(ids)
}
