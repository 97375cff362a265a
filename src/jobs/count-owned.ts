import type { Query } from '../db.ts'

/** Videos of an owner that nobody has begun to make, `most` at most. */
export async function countQueuedVideos(sql: Query, owner: string, most: number): Promise<number> {
  const [row] = await sql<{ found: number }[]>`
    select count(*)::int as found from (
      select from videos where owner = ${owner} and status = 'queued' limit ${most}) q`
  return row?.found ?? 0
}

/** Uploads of an owner for which addresses are signed: not over, and no video was made of them; `most` at most. */
export async function countOpenUploads(sql: Query, owner: string, most: number): Promise<number> {
  const [row] = await sql<{ found: number }[]>`
    select count(*)::int as found from (
      select from uploads u where owner = ${owner} and closed_at is null and expires_at > now()
        and not exists (select from sources s where s.key = u.key) limit ${most}) q`
  return row?.found ?? 0
}
