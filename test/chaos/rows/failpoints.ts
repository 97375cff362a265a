import { messageOf } from '../../../src/errors.ts'
import { failpoints } from '../../../src/failpoints.ts'
import type { Finding } from '../support/finding.ts'
import { createLane } from '../support/lane.ts'
import { createRandom, type Random } from '../support/random.ts'
import type { RowResult, World } from '../support/world.ts'
import { scenes } from './failpoint-scenes.ts'

/** Each with an API, a database and workers of its own, for the worker that is to die must be the only one. */
const lanes = 4

/** A process ends itself at each of the places where that is hardest on the protocol; others go on with its work. */
export async function diedAtFailpoints(world: World): Promise<RowResult> {
  const { size, seed } = world
  const each = size === 'full' ? 20 : 1
  const random = createRandom(seed)
  const deaths = shuffled(
    failpoints.flatMap((place) => Array.from({ length: each }, () => place)),
    random,
  )
  const fired = new Map<string, number>()
  const missed: string[] = []
  const findings: Finding[] = []
  let jobs = 0
  await Promise.all(
    Array.from({ length: lanes }, async (_, index) => {
      await using lane = await createLane(world, createRandom(seed + 1 + index))
      for (const place of deaths.filter((_place, turn) => turn % lanes === index)) {
        await scenes[place](lane, place).then(
          () => fired.set(place, (fired.get(place) ?? 0) + 1),
          (error: unknown) => missed.push(`${place}: ${messageOf(error)}`),
        )
        findings.push(...(await lane.heal()))
      }
      jobs += lane.load.acknowledged.length
      findings.push(...(await lane.check()))
    }),
  )
  for (const place of failpoints) {
    const times = fired.get(place) ?? 0
    if (times === each) continue
    findings.push({ video: null, fact: 'not_reached', detail: `${place}: ${times} of ${each} times` })
  }
  for (const detail of missed) {
    findings.push({ video: null, fact: 'not_reached', detail })
  }
  return {
    fault: `failpoint at ${failpoints.length} places`,
    runs: deaths.length,
    jobs,
    findings,
    measured: `each place fired ${each} ${each === 1 ? 'time' : 'times'}`,
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = items.map((item) => ({ item, at: random.share() }))
  return order.toSorted((a, b) => a.at - b.at).map(({ item }) => item)
}
