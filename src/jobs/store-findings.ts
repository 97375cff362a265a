import { type Database, json, transaction } from '../db.ts'
import { FencedError } from '../errors.ts'
import type { Finding } from '../media/checks/findings.ts'
import type { Owned } from './state.ts'
import { lockVideo } from './video-lock.ts'

/**
 * What the checks found, before the video fails for it: its end tells of one of them in a sentence. Safe to
 * repeat. Throws FencedError.
 */
export async function storeFindings(
  sql: Database,
  owned: Owned,
  findings: readonly Finding[],
): Promise<void> {
  await transaction(sql, async (tx) => {
    // Whoever ends the task holds this lock, so that the task's row below is as it is now.
    await lockVideo(tx, owned.videoId)
    const rows = await tx`
      update videos v set findings = ${json(tx, findings)}, updated_at = now() from tasks t
      where t.id = ${owned.taskId} and t.fence = ${owned.fence} and t.state = 'running' and v.id = t.video_id
      returning v.id`
    if (rows.length === 0) throw new FencedError()
  })
}
