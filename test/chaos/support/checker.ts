import { setTimeout as sleep } from 'node:timers/promises'
import { checkAttempts } from './check-attempts.ts'
import { checkLeftovers, checkUploads } from './check-leftovers.ts'
import { checkObjects, collectNow } from './check-objects.ts'
import { checkRows } from './check-rows.ts'
import { checkStream } from './check-stream.ts'
import type { Acknowledged, CheckedSystem, Finding } from './finding.ts'

/**
 * What is wrong in a system whose work is over: nothing, if every acknowledged submission came out once
 * and whole and left nothing behind. A worker that still ends its last run is given
 * `patienceMs` (10 s). The picture of the first `decoded` completed videos (20) is decoded and counted.
 */
export async function checkSystem(
  system: CheckedSystem,
  acknowledged: readonly Acknowledged[],
  options: { patienceMs?: number; decoded?: number } = {},
): Promise<Finding[]> {
  const { patienceMs = 10_000, decoded = 20 } = options
  const { sql } = system
  const rows = [...(await checkRows(sql, acknowledged)), ...(await checkAttempts(sql, acknowledged))]
  const outlived = await oncePassed(patienceMs, async () => [
    ...(await checkStream(system)),
    ...checkLeftovers(system),
  ])
  // Nobody uploads any more: what no row names now, none ever will.
  await collectNow(system)
  const bucket = [...(await checkUploads(system)), ...(await checkObjects(system, acknowledged, decoded))]
  return [...rows, ...outlived, ...bucket]
}

/** The first look that finds nothing, or the last one within the time. */
async function oncePassed(withinMs: number, look: () => Promise<Finding[]>): Promise<Finding[]> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found.length === 0 || Date.now() > deadline) return found
    await sleep(100)
  }
}
