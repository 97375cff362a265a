import { setTimeout as sleep } from 'node:timers/promises'
import { uploadFile } from '../../../src/cli/upload/upload-file.ts'
import type { Database } from '../../../src/db.ts'
import type { TestSystem } from '../../support/start-system.ts'
import type { Acknowledged } from './finding.ts'

export type Load = {
  /** Of the source object. */
  key: string
  /** Every submission that was answered 201 so far. */
  acknowledged: Acknowledged[]
  /** One submission; a 201 is noted. Resolves with the answer's status, 0 where there was none. */
  submit(): Promise<number>
  /** That many submissions one after another. Throws unless all are answered 201. */
  submitAll(count: number): Promise<void>
  /** Resolves when every acknowledged video is terminal. Throws with what is left after `withinMs`. */
  untilEnded(withinMs: number): Promise<void>
}

/** Jobs of one clip with `frames` pictures, all on the same source object; they are `expected` to complete. */
export async function createLoad(
  system: Pick<TestSystem, 'baseUrl' | 'sql'>,
  film: { path: string; frames: number; expected?: Acknowledged['expected'] },
): Promise<Load> {
  const { sql, baseUrl } = system
  const { frames, expected = 'completed' } = film
  const key = await uploadFile({ baseUrl, path: film.path })
  const acknowledged: Acknowledged[] = []

  async function submit(): Promise<number> {
    try {
      const response = await fetch(`${baseUrl}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ source: { key } }),
        signal: AbortSignal.timeout(30_000),
      })
      const body: unknown = await response.json()
      if (response.status === 201 && typeof body === 'object' && body !== null && 'id' in body) {
        acknowledged.push({ videoId: String(body.id), expected, frames })
      }
      return response.status
    } catch {
      return 0 // what an unanswered submission became is nobody's promise
    }
  }

  async function submitAll(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const status = await submit()
      if (status !== 201) throw new Error(`a submission was answered ${status}`)
    }
  }

  return {
    key,
    acknowledged,
    submit,
    submitAll,
    untilEnded: (withinMs) =>
      until(withinMs, async () => {
        const left = await sql<{ id: string; status: string }[]>`
          select id, status from videos where status in ('queued', 'processing')
          and id = any(${acknowledged.map((one) => one.videoId)}::uuid[])`
        return left.length === 0 || `${left.length} videos have not ended, first ${left[0]?.id}`
      }),
  }
}

/** Asks again until the answer is true; a failing question counts as "not yet". Throws with the last answer. */
export async function until(withinMs: number, question: () => Promise<true | string>): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await question().catch((error: unknown) => String(error))
    if (answer === true) return
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${answer}`)
    await sleep(50)
  }
}

/** The database's clock, which all times of rows are by. */
export async function clockOf(sql: Database): Promise<Date> {
  const [row] = await sql<{ now: Date }[]>`select clock_timestamp() as now`
  if (!row) throw new Error('the database tells no time')
  return row.now
}
