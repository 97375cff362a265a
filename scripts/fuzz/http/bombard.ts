import { readFileSync } from 'node:fs'
import { createRandom } from '../../../test/chaos/support/random.ts'
import type { Subject } from '../subject.ts'
import { fire } from './barrage.ts'
import { checkData } from './check-data.ts'
import type { Recording } from './recording.ts'
import { addTally, emptyTally, type Tally } from './tally.ts'

/** Requests remove what they name: after so many there are new things to name. */
const roundSize = 1_000
/** One round in so many comes without a key. */
const keylessEvery = 10

export type Campaign = {
  recording: Recording
  seed: number
  requests: number
  /** Connections in use at a time; default 16. */
  lanes?: number
  onRound?: (tally: Tally) => void
}

/** Round after round of mutants; behind each one its rows are looked at and removed. Ends early at the first faults. */
export async function bombard(subject: Subject, campaign: Campaign): Promise<Tally> {
  const { recording, seed, requests, lanes = 16, onRound } = campaign
  const sum = emptyTally()
  const port = Number(new URL(subject.baseUrl).port)
  for (let from = 0; from < requests && sum.faults.length === 0; from += roundSize) {
    const things = await subject.makeThings()
    const isKeyless = createRandom(seed + from).between(0, keylessEvery) === 0
    const headers = isKeyless ? [] : Object.entries(subject.headers)
    const to = Math.min(requests, from + roundSize)
    addTally(sum, await fire({ port, recording, things, seed, from, to, lanes, headers }))
    sum.faults.push(...(await checkData(subject)))
    onRound?.(sum)
  }
  return sum
}

/** The most memory that a process ever had, in MiB (proc(5)). */
export function peakMemoryMib(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  if (kib === undefined) throw new Error(`process ${pid} does not say how much memory it had`)
  return Math.round(Number(kib) / 1024)
}
