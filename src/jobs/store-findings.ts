import { type Database, json } from '../db.ts'
import { FencedError } from '../errors.ts'
import type { Finding } from '../media/findings.ts'
import type { Owned } from './state.ts'

/** What the checks found, before the video fails for it: with its end it would be told in one sentence. Throws FencedError. */
export async function storeFindings(
  sql: Database,
  owned: Owned,
  findings: readonly Finding[],
): Promise<void> {
  const rows = await sql`
    update videos v set findings = ${json(sql, findings)}, updated_at = now() from tasks t
    where t.id = ${owned.taskId} and t.fence = ${owned.fence} and t.state = 'running' and v.id = t.video_id
    returning v.id`
  if (rows.length === 0) throw new FencedError()
}
