import { videoStatuses } from '../../../src/jobs/state.ts'
import { checkAttempts } from '../../../test/chaos/support/check-attempts.ts'
import { checkRows } from '../../../test/chaos/support/check-rows.ts'
import { checkAnswer } from '../../../test/support/check-answer.ts'
import type { Subject } from '../subject.ts'

/**
 * What is wrong with the rows that requests have left: a state that cannot be, one that nobody would ever end,
 * or one that the API cannot show or remove. Removes the videos that were made through the API.
 */
export async function checkData({ system, baseUrl, made, headers }: Subject): Promise<string[]> {
  const { sql } = system
  const faults: string[] = []
  async function ask(path: string, { method = 'GET', of = '' } = {}): Promise<unknown> {
    try {
      const response = await fetch(baseUrl + path, { method, headers })
      await checkAnswer({ method, url: baseUrl + path }, response)
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`)
      return response.status === 204 ? null : await response.json()
    } catch (error) {
      if (of === '' || (await isThere(of))) faults.push(String(error))
      return null
    }
  }

  /** What a client asked for that did not wait for the answer may still be done. */
  async function isThere(id: string): Promise<boolean> {
    return (await sql`select from videos where id = ${id}`).length > 0
  }

  const all = await sql<{ id: string }[]>`select id from videos order by id`
  const videos = all.map(({ id }) => id).filter((id) => !made.has(id))
  const acknowledged = videos.map((videoId) => ({ videoId, expected: videoStatuses }))
  const found = [...(await checkRows(sql, acknowledged)), ...(await checkAttempts(sql, acknowledged))]
  for (const { video, fact, detail } of found) {
    if (video === null || (await isThere(video))) faults.push(`${video}: ${fact}: ${detail}`)
  }
  const stuck = await sql<{ id: string }[]>`
    select id from videos v where status in ('queued', 'processing') and id = any(${videos}::uuid[]) and not exists
      (select from tasks t where t.video_id = v.id and t.state in ('queued', 'running'))`
  faults.push(...stuck.map(({ id }) => `${id}: it waits, and none of its tasks does`))

  await listAll(ask)
  for (const id of videos) {
    for (const rest of ['', '/events', '/runs']) await ask(`/videos/${id}${rest}`, { of: id })
    await ask(`/videos/${id}`, { method: 'DELETE', of: id })
  }
  const uploads = await sql<{ id: string }[]>`select id from uploads order by id desc limit 20`
  for (const { id } of uploads) await ask(`/uploads/${id}`)
  for (const path of ['/readyz', '/system']) await ask(path)
  return faults
}

/** Follows the cursors to the end. */
async function listAll(ask: (path: string) => Promise<unknown>): Promise<void> {
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await ask(`/videos?limit=100${cursor && `&cursor=${cursor}`}`)
    cursor = nextOf(answer)
  }
}

function nextOf(answer: unknown): string | null {
  const isPage = typeof answer === 'object' && answer !== null && 'next_cursor' in answer
  return isPage && typeof answer.next_cursor === 'string' ? answer.next_cursor : null
}
