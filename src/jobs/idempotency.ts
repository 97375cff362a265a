import { createHash } from 'node:crypto'
import { type Database, type Query, type Transaction, transaction } from '../db.ts'
import { StepladderError } from '../errors.ts'
import { tryPass } from './passes.ts'

/** A request that may come again: the same owner, route and key are the same request. */
export type RequestKey = {
  owner: string
  route: string
  key: string
  /** SHA-256 of what was asked for: another one under the same key is a mistake of the client. */
  fingerprint: Buffer
  /** How long the answer is kept. */
  keepS: number
}

/** What was answered when something was made. Refusals and failures are not kept: they may end. */
export type Answer = { location: string | null; body: string }

/** Rows removed in one pass, so that a pass stays short. */
const expiredAtOnce = 10_000

/** The answer given to this request before, null for a new one. Throws `idempotency_key_reused`. */
export async function findAnswer(sql: Query, request: RequestKey): Promise<Answer | null> {
  const [row] = await sql<(Answer & { fingerprint: Buffer })[]>`
    select location, body, fingerprint from idempotency_keys
    where owner = ${request.owner} and route = ${request.route} and key = ${request.key} and expires_at > now()`
  if (!row) return null
  if (!row.fingerprint.equals(request.fingerprint)) {
    throw new StepladderError(
      'idempotency_key_reused',
      'this idempotency key came with another request before',
    )
  }
  return { location: row.location, body: row.body }
}

/**
 * Makes something, and keeps the answer in the same transaction: both are there or neither, so that
 * after a crash, a lost answer or a COMMIT that nobody saw end, the same request finds what it made or
 * makes it. Without a key it is `make` alone. Throws `idempotency_key_in_use` while another session is
 * at it, and `idempotency_key_reused`.
 */
export async function makeOnce<T extends { answer: Answer }>(
  sql: Database,
  request: RequestKey | null,
  make: (query: Query) => Promise<T>,
): Promise<{ made: T } | { earlier: Answer }> {
  if (!request) return { made: await make(sql) }
  return transaction(sql, async (tx) => {
    await claimKey(tx, request)
    // A statement of its own behind the lock: the lock's snapshot may be older than the other's commit.
    const earlier = await findAnswer(tx, request)
    if (earlier) return { earlier }
    const made = await make(tx)
    await keepAnswer(tx, request, made.answer)
    return { made }
  })
}

/**
 * Waits for nobody: a second insert of the same key would wait at the index for as long as the first
 * transaction is open. Held by the transaction and not by the session, so that it ends with a process
 * that died, and 5 s after one that was paused (`idle_in_transaction_session_timeout`).
 */
async function claimKey(tx: Transaction, { owner, route, key }: RequestKey): Promise<void> {
  // The client chooses the key: with a weaker hash it could choose one that collides. Locks of two
  // numbers are a space of their own, apart from those of the passes and of migrate.
  const digest = createHash('sha256')
    .update(JSON.stringify([owner, route, key]))
    .digest()
  const [lock] = await tx<{ held: boolean }[]>`
    select pg_try_advisory_xact_lock(${digest.readInt32BE(0)}::integer, ${digest.readInt32BE(4)}::integer) as held`
  if (!lock?.held) throw inUse()
}

/** The primary key decides, whatever became of the lock. */
async function keepAnswer(tx: Transaction, request: RequestKey, answer: Answer): Promise<void> {
  const { owner, route, key, fingerprint, keepS } = request
  const rows = await tx`
    insert into idempotency_keys as k (owner, route, key, fingerprint, location, body, expires_at)
    values (${owner}, ${route}, ${key}, ${fingerprint}, ${answer.location}, ${answer.body}, now() + ${keepS} * interval '1 s')
    on conflict (owner, route, key) do update
      set fingerprint = excluded.fingerprint, location = excluded.location, body = excluded.body,
          created_at = excluded.created_at, expires_at = excluded.expires_at
      where k.expires_at <= now()
    returning 1`
  if (rows.length === 0) throw inUse()
}

function inUse(): StepladderError {
  return new StepladderError('idempotency_key_in_use', 'a request with this idempotency key is in progress')
}

/** Forgets answers whose time is over, the oldest first. */
export async function expireAnswers(sql: Database): Promise<void> {
  await tryPass(
    sql,
    'answers',
    (tx) => tx`
      delete from idempotency_keys where (owner, route, key) in (
        select owner, route, key from idempotency_keys where expires_at <= now()
        order by expires_at limit ${expiredAtOnce} for update skip locked)`,
  )
}
