import { type Database, transaction } from '../db.ts'
import { discardWork } from './discard-work.ts'
import { tryPass } from './passes.ts'
import { isRetryable } from './retry.ts'
import { lockVideo } from './video-lock.ts'

const batch = 1_000
/** A presigned PUT is checked when it begins; none that began in time lasts longer than this. */
const rememberedDays = 7

/**
 * Closes uploads an hour after their address ran out: what no job named is collected. The row stays for
 * a week, so that the object of a PUT that ends late is known as ours.
 */
export async function expireUploads(sql: Database): Promise<void> {
  await tryPass(sql, 'uploads', async (tx) => {
    await tx`
      with closed as (
        update uploads set closed_at = now() where id in (
          select id from uploads where closed_at is null and expires_at < now() - interval '1 h'
          order by expires_at limit ${batch} for update skip locked)
        returning key
      )
      insert into collections (prefix, due_at)
      select key, now() from closed where not exists (select from sources s where s.key = closed.key)
      on conflict do nothing`
    await tx`delete from uploads where closed_at < now() - ${rememberedDays} * interval '1 day'`
  })
}

/** The finished pieces of failed and cancelled videos, kept for a retry, go after `keepMs`. */
export async function expireSegments(sql: Database, keepMs: number): Promise<void> {
  const old = await sql<{ id: string }[]>`
    select id from videos where status in ('failed', 'cancelled') and discarded_at is null
      and completed_at < now() - ${keepMs} * interval '1 ms'
    order by completed_at limit 20`
  for (const { id } of old) {
    await transaction(sql, async (tx) => {
      const video = await lockVideo(tx, id)
      if (!video || !isRetryable(video.status)) return
      await discardWork(tx, id)
    })
  }
}
