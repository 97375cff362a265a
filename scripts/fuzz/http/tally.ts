import type { Verdict } from './judge.ts'
import type { Answer } from './read-answer.ts'
import type { Shot } from './shot.ts'

export type Tally = {
  /** Sent, those that were broken off included. */
  requests: number
  ways: Record<string, number>
  statuses: Record<string, number>
  /** Codes of problems. */
  codes: Record<string, number>
  /** Answers of each route by the first digit of their status, as in `{ 2: 10, 4: 3 }`. */
  routes: Record<string, Record<string, number>>
  /** Each with all that repeats it. */
  faults: string[]
}

export function emptyTally(): Tally {
  return { requests: 0, ways: {}, statuses: {}, codes: {}, routes: {}, faults: [] }
}

export function countShot(tally: Tally, { way }: Shot): void {
  tally.requests += way === 'twice' ? 2 : 1
  add(tally.ways, way)
}

export function countAnswer(tally: Tally, { status }: Answer, { route, code }: Verdict): void {
  add(tally.statuses, String(status))
  if (code !== null) add(tally.codes, `${code} ${status}`)
  const classes = tally.routes[route] ?? {}
  add(classes, String(status)[0] ?? '')
  tally.routes[route] = classes
}

/** Counts the second one into the first. */
export function addTally(sum: Tally, more: Tally): void {
  sum.requests += more.requests
  for (const part of ['ways', 'statuses', 'codes'] as const) {
    for (const [name, count] of Object.entries(more[part])) add(sum[part], name, count)
  }
  for (const [route, classes] of Object.entries(more.routes)) {
    const known = sum.routes[route] ?? {}
    for (const [name, count] of Object.entries(classes)) add(known, name, count)
    sum.routes[route] = known
  }
  sum.faults.push(...more.faults)
}

function add(counts: Record<string, number>, name: string, count = 1): void {
  counts[name] = (counts[name] ?? 0) + count
}
