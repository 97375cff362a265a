import { type ApiKey, createKey, explainMissingTable, listKeys, revokeKey } from '../../auth/api-keys.ts'
import { loadConfig } from '../../config.ts'
import { createDatabase, type Database, isDatabaseOutage } from '../../db.ts'
import { messageOf, StepladderError } from '../../errors.ts'
import { table } from '../screen/table.ts'
import { timeOfDay } from '../screen/words.ts'
import { exits, type Session } from '../session.ts'
import type { NewKey } from '../verbs/keys.ts'

/** Prints `id.secret` alone on standard output, so that a script can keep it. */
export async function create(session: Session, wanted: NewKey): Promise<number> {
  const { output } = session
  const { key, text } = await withDatabase(session, (sql) => createKey(sql, wanted))
  output.document({ ...key, key: text })
  output.print(text)
  output.screen.say(
    `made the key ${key.id} of ${key.owner} (${key.scopes.join(', ')}); it is not shown again, and any API asks for keys from now on`,
  )
  return exits.ok
}

export async function list(session: Session): Promise<number> {
  const { output } = session
  const keys = await withDatabase(session, listKeys)
  output.document({ keys })
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.owner,
    key.scopes.join(','),
    timeOfDay(key.created_at.toISOString()),
    timeOfDay(key.last_used_at?.toISOString() ?? null),
    stateOf(key),
  ])
  const columns = {
    id: 'left',
    name: 'left',
    owner: 'left',
    scopes: 'left',
    made: 'left',
    'last used': 'left',
    state: 'left',
  } as const
  if (keys.length === 0) output.screen.say('there are no keys: an API listens on its own machine only')
  else output.print(...table(columns, rows))
  return exits.ok
}

/** Ends each of them; fails if one of them does not exist. */
export async function revoke(session: Session, ids: readonly string[]): Promise<number> {
  const { output } = session
  const results = await withDatabase(session, async (sql) => {
    const found: { id: string; key: ApiKey | null }[] = []
    for (const id of ids) found.push({ id, key: await revokeKey(sql, id) })
    return found
  })
  output.document({ results: results.map(({ id, key }) => ({ id, revoked_at: key?.revoked_at ?? null })) })
  for (const { id, key } of results) {
    output.screen.say(key ? `revoked ${id} (${key.name})` : `there is no key ${id}`)
  }
  return results.every(({ key }) => key !== null) ? exits.ok : exits.failed
}

function stateOf({ revoked_at, expires_at }: ApiKey): string {
  if (revoked_at) return `revoked ${timeOfDay(revoked_at.toISOString())}`
  if (!expires_at) return 'holds'
  return `${expires_at.getTime() > Date.now() ? 'until' : 'ran out'} ${timeOfDay(expires_at.toISOString())}`
}

/** Throws `no_database` where none is named or none answers. */
async function withDatabase<T>({ invocation }: Session, work: (sql: Database) => Promise<T>): Promise<T> {
  if (!invocation.config.given.has('DATABASE_URL'))
    throw new StepladderError('no_database', 'keys are made on a machine of the system: set DATABASE_URL')
  const sql = createDatabase({ url: loadConfig().DATABASE_URL, name: 'stepladder-keys', max: 1 })
  try {
    return await work(sql)
  } catch (error) {
    if (!isDatabaseOutage(error)) throw explainMissingTable(error)
    throw new StepladderError('no_database', `the database does not answer: ${messageOf(error)}`)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
