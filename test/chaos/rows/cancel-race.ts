import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { createRandom } from '../support/random.ts'
import {
  check,
  endsWithinMs,
  type RowResult,
  silentLoad,
  startWorkers,
  type World,
} from '../support/world.ts'

const inFlight = 6

/** A person cancels in the moment in which the video is being completed. */
export async function cancelRacesFinish(world: World): Promise<RowResult> {
  const runs = world.size === 'full' ? 500 : 10
  const load = await silentLoad(world, ['completed', 'cancelled'])
  await using _ = await startWorkers(world, { name: 'race', environments: [{}, {}] })
  const racer = createRacer(world)
  while (racer.begun() < runs) {
    const wanted = Math.min(runs, racer.begun() + inFlight) - load.acknowledged.length
    if (wanted > 0) await load.submitAll(wanted)
    await racer.look()
    await sleep(5)
  }
  const answers = await racer.answers()
  await load.untilEnded(endsWithinMs(world))
  const findings = await contradictions(world, answers)
  findings.push(...(await check(world, load)))
  const cancelled = [...answers.values()].filter((status) => status === 200).length
  return {
    fault: 'cancel racing finish',
    runs: answers.size,
    jobs: load.acknowledged.length,
    findings,
    measured: `${cancelled} cancelled, ${answers.size - cancelled} completed first`,
  }
}

/** Cancels each video some milliseconds after its last task was added. */
function createRacer({ system, seed }: World) {
  const random = createRandom(seed)
  const answers = new Map<string, Promise<number>>()
  /** The middle of the race: later when the cancellation won, sooner when it lost. */
  let aimMs = 50

  async function cancel(videoId: string): Promise<number> {
    await sleep(Math.max(0, aimMs + random.between(-30, 30)))
    const response = await fetch(`${system.baseUrl}/videos/${videoId}/cancel`, { method: 'POST' })
    await response.arrayBuffer()
    aimMs = Math.min(500, Math.max(0, aimMs + (response.status === 200 ? 5 : -5)))
    return response.status
  }

  return {
    begun: () => answers.size,
    look: async () => {
      const rows = await system.sql<{ video_id: string }[]>`
        select video_id from tasks where kind = 'finish' and state in ('queued', 'running')`
      for (const { video_id } of rows) {
        if (!answers.has(video_id)) answers.set(video_id, cancel(video_id))
      }
    },
    answers: async () => {
      const settled = await Promise.all([...answers].map(async ([id, answer]) => [id, await answer] as const))
      return new Map(settled)
    },
  }
}

/** 200 and the video was completed, or 409 and it was cancelled. */
async function contradictions({ system }: World, answers: ReadonlyMap<string, number>): Promise<Finding[]> {
  const rows = await system.sql<{ id: string; status: string }[]>`
    select id, status from videos where id = any(${[...answers.keys()]}::uuid[])`
  return rows.flatMap(({ id, status }): Finding[] => {
    const answer = answers.get(id)
    const right = status === 'cancelled' ? answer === 200 : answer === 409
    if (right) return []
    return [
      { video: id, fact: 'wrong_answer', detail: `${status}, and the cancellation was answered ${answer}` },
    ]
  })
}
