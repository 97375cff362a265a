import type postgres from 'postgres'
import { searchRow } from './search.ts'

/**
 * Searches what the processes wrote of their runs into a database: the end of ffmpeg's stderr, errors, events, answers of
 * webhooks' receivers. Not what is there to let somebody in: the secrets that sign, an upload's answer.
 */
export async function searchRows(sql: postgres.Sql): Promise<void> {
  const [newest] = await sql`select to_regclass('webhook_attempts') is not null as made`
  if (!newest?.made) return
  const rows = sql<{ place: string; row: string }[]>`
    select 'task_runs' as place, to_json(r)::text as row from task_runs r
    union all select 'tasks', json_build_array(id, error, result)::text from tasks where error is not null
    union all select 'videos', json_build_array(id, error_message, findings)::text from videos
    union all select 'events', to_json(e)::text from events e
    union all select 'webhook_attempts', to_json(a)::text from webhook_attempts a`
  for await (const some of rows.cursor(500)) for (const { place, row } of some) searchRow(place, row)
}
