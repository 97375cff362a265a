import type { Database } from '../db.ts'
import type { Stream } from '../queue/stream.ts'
import { type DeadLetter, readLettersOf } from './read-dead-letters.ts'

/** The view has the latest failures only; all are in `videos`. */
const mostLetters = 1_000

/**
 * Makes the view stream agree with the table: failures that it lacks are appended, all of them after a
 * flush, and entries go whose video was tried again, deleted, or failed anew. Returns how many entries
 * came and went.
 */
export async function mirrorDeadLetters(
  sql: Database,
  dead: Stream['dead'],
): Promise<{ added: number; removed: number }> {
  // The table first: an entry is never older than the rows it is compared with.
  const failed = await sql<{ id: string; at: Date }[]>`
    select id, completed_at as at from videos where status = 'failed' and completed_at is not null
    order by completed_at desc, id desc limit ${mostLetters}`
  const missing = new Map(failed.map(({ id, at }) => [failureOf(id, at.toISOString()), id]))
  const stale: string[] = []
  for (const entry of await dead.read()) {
    // One that is double, after two passes at once, is not missing any more and goes.
    if (!missing.delete(failureOf(entry.video, entry.at))) stale.push(entry.id)
  }
  const letters = await readLettersOf(sql, [...missing.values()])
  await dead.change(stale, letters.map(entryFields))
  return { added: letters.length, removed: stale.length }
}

const failureOf = (videoId: string, at: string) => `${videoId} ${at}`

function entryFields(letter: DeadLetter): Record<string, string | number> {
  return {
    video: letter.videoId,
    task: letter.kind ?? '',
    position: letter.position ?? '',
    code: letter.code,
    message: letter.message,
    attempts: letter.attempts,
    crashes: letter.crashes,
    at: letter.at.toISOString(),
  }
}
