import { type Database, sqlState } from '../db.ts'
import { StepladderError } from '../errors.ts'
import { hashOf, makeKeyText } from './key-text.ts'
import type { Scope } from './scopes.ts'

/** A key as people see it: all but its secret. */
export type ApiKey = {
  id: string
  name: string
  owner: string
  scopes: Scope[]
  created_at: Date
  /** To the minute; null before its first request. */
  last_used_at: Date | null
  expires_at: Date | null
  revoked_at: Date | null
}

/** Makes a key; `text` is all there will ever be of its secret. `expiresInS` null = it holds until it is revoked. */
export async function createKey(
  sql: Database,
  {
    name,
    owner,
    scopes,
    expiresInS,
  }: Pick<ApiKey, 'name' | 'owner' | 'scopes'> & { expiresInS: number | null },
): Promise<{ key: ApiKey; text: string }> {
  const { id, secret } = makeKeyText()
  const [key] = await sql<ApiKey[]>`
    insert into api_keys (id, secret_hash, owner, name, scopes, expires_at)
    values (${id}, ${hashOf(secret)}, ${owner}, ${name}, ${[...scopes]}::text[], now() + ${expiresInS}::float8 * interval '1 s')
    returning ${shown(sql)}`
  if (!key) throw new Error('an insert returned no row')
  return { key, text: `${id}.${secret}` }
}

/** All keys, the latest first. */
export async function listKeys(sql: Database): Promise<ApiKey[]> {
  return sql<ApiKey[]>`select ${shown(sql)} from api_keys order by created_at desc, id`
}

/** Ends a key, with the sessions and links that came of it; once more is no error. Null when there is none. */
export async function revokeKey(sql: Database, id: string): Promise<ApiKey | null> {
  const [key] = await sql<ApiKey[]>`
    update api_keys set revoked_at = coalesce(revoked_at, now()) where id = ${id} returning ${shown(sql)}`
  return key ?? null
}

/** With the hash that proves its secret. */
export type StoredKey = ApiKey & { secret_hash: Buffer }

/** The key of this id; null where there is none, it was revoked, or its time is over. */
export async function readKey(sql: Database, id: string): Promise<StoredKey | null> {
  const [key] = await sql<StoredKey[]>`
    select ${shown(sql)}, secret_hash from api_keys where id = ${id} and ${isLive(sql)}`
  return key ?? null
}

/** Those of these keys that still hold. */
export async function liveKeys(sql: Database, ids: readonly string[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    select id from api_keys where id = any(${[...ids]}::text[]) and ${isLive(sql)}`
  return new Set(rows.map(({ id }) => id))
}

/** Whether a key was ever made. */
export async function hasKeys(sql: Database): Promise<boolean> {
  const [row] = await sql<{ there: boolean }[]>`select exists (select from api_keys) as there`
  return row?.there ?? false
}

/** Says what to do where the table is not there yet. */
export function explainMissingTable(error: unknown): unknown {
  if (sqlState(error) !== '42P01') return error
  return new StepladderError(
    'not_migrated',
    'the database has no table of keys yet: run `node cmd/migrate.ts` first',
  )
}

const usedAgainMs = 60_000

/** At most once a minute for each key, behind the request's back: what is lost of it costs nothing. */
export function noteUse(sql: Database, key: ApiKey): void {
  const { id, last_used_at } = key
  if (last_used_at !== null && Date.now() - last_used_at.getTime() < usedAgainMs) return
  key.last_used_at = new Date()
  sql`update api_keys set last_used_at = now() where id = ${id}
      and (last_used_at is null or last_used_at < now() - ${usedAgainMs} * interval '1 ms')`.catch(() => {})
}

function isLive(sql: Database) {
  return sql`revoked_at is null and (expires_at is null or expires_at > now())`
}

function shown(sql: Database) {
  return sql`id, name, owner, scopes, created_at, last_used_at, expires_at, revoked_at`
}
