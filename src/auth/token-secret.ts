import { randomBytes } from 'node:crypto'
import type { Database } from '../db.ts'

/**
 * What tokens are signed with: the text of the setting where there is one, else a secret in the database,
 * which the first process that asks makes, so that all agree. Asked for once; throws when the database is down.
 */
export function createTokenSecret(sql: Database, setting: string | undefined): () => Promise<Uint8Array> {
  let known: Uint8Array | null = setting === undefined ? null : new TextEncoder().encode(setting)
  return async () => {
    known ??= await keptSecret(sql)
    return known
  }
}

async function keptSecret(sql: Database): Promise<Uint8Array> {
  const [row] = await sql<{ token_secret: Buffer }[]>`
    update maintenance set token_secret = coalesce(token_secret, ${randomBytes(32)}) returning token_secret`
  if (!row) throw new Error('the row of maintenance is gone')
  return row.token_secret
}
