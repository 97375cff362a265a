import type { Database } from '../db.ts'
import { countMigrations } from '../migrate.ts'
import { type Check, failed, ok } from './check.ts'

const oldest = 15

/** PostgreSQL is new enough and has every migration. */
export async function checkDatabase(sql: Database): Promise<Check> {
  const [server] = await sql<{ version: string }[]>`
    select split_part(current_setting('server_version'), ' ', 1) as version`
  const version = server?.version ?? 'of an unknown version'
  if (Number.parseInt(version, 10) < oldest) {
    return failed(`The database is PostgreSQL ${version}`, `upgrade it to PostgreSQL ${oldest} or newer`)
  }
  const { all, applied } = await countMigrations(sql)
  if (applied < all) {
    return failed(`The database lacks ${all - applied} of ${all} migrations`, 'run `npm run migrate`')
  }
  return ok(`The database answers (PostgreSQL ${version}) and has all ${all} migrations`)
}
