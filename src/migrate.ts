import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Database, type Query, type Transaction, transaction } from './db.ts'
import { StepladderError } from './errors.ts'

const folder = fileURLToPath(new URL('../sql/', import.meta.url))
const lockKey = 7_310_500
type Migration = { version: number; name: string; text: string; sha256: string }

/**
 * Applies sql/NNNNN_*.sql in order, each in its own transaction, and returns the names applied now.
 * Any number of processes may call it at once. Throws `migration_gap` when a number is missing or
 * double and `migration_changed` when an applied file reads otherwise than it did.
 */
export async function migrate(sql: Database, path = folder): Promise<string[]> {
  const migrations = await readMigrations(path)
  const names: string[] = []
  for (;;) {
    const name = await transaction(sql, (tx) => applyNext(tx, migrations))
    if (name === 'done') return names
    if (name === 'busy') await sleep(200)
    else names.push(name)
  }
}

/** Lets the roles of docker/postgres/roles.sh, where the server has them, do what each process needs. */
export async function grantToRoles(sql: Database): Promise<void> {
  const text = await readFile(new URL('grants.sql', import.meta.url), 'utf8')
  await transaction(sql, async (tx) => {
    // Two at once would change the same rows of the catalog.
    await tx`select pg_advisory_xact_lock(${lockKey})`
    await tx.unsafe(text)
  })
}

/** How many there are, and how many the database has. Throws as `migrate` does when they do not belong together. */
export async function countMigrations(
  sql: Database,
  path = folder,
): Promise<{ all: number; applied: number }> {
  const migrations = await readMigrations(path)
  const [table] = await sql<
    { there: boolean }[]
  >`select to_regclass('schema_migrations') is not null as there`
  if (!table?.there) return { all: migrations.length, applied: 0 }
  const applied = await readApplied(sql)
  checkApplied(migrations, applied)
  return { all: migrations.length, applied: applied.length }
}

/** The name of the migration applied; `busy` while another process applies one, `done` when none is left. */
async function applyNext(tx: Transaction, migrations: Migration[]): Promise<string> {
  const [lock] = await tx<{ held: boolean }[]>`select pg_try_advisory_xact_lock(${lockKey}) as held`
  if (!lock?.held) return 'busy'
  await tx`create table if not exists schema_migrations (
    version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`
  const applied = await readApplied(tx)
  checkApplied(migrations, applied)
  const next = migrations[applied.length]
  if (!next) return 'done'
  await tx.unsafe(next.text)
  await tx`insert into schema_migrations (version, name, sha256)
           values (${next.version}, ${next.name}, ${next.sha256})`
  return next.name
}

function readApplied(query: Query): Promise<{ version: number; sha256: string }[]> {
  return query<{ version: number; sha256: string }[]>`
    select version, sha256 from schema_migrations order by version`
}

async function readMigrations(path: string): Promise<Migration[]> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name, index) => {
      const version = Number(/^(\d{5})_[a-z0-9_]+\.sql$/.exec(name)?.[1])
      if (version !== index + 1) {
        throw new StepladderError(
          'migration_gap',
          `migration ${index + 1} is missing or misnamed: found ${name}`,
        )
      }
      const text = await readFile(new URL(name, `file://${path}/`), 'utf8')
      return { version, name, text, sha256: createHash('sha256').update(text).digest('hex') }
    }),
  )
}

function checkApplied(
  migrations: Migration[],
  applied: readonly { version: number; sha256: string }[],
): void {
  for (const [index, row] of applied.entries()) {
    const migration = migrations[index]
    if (row.version !== index + 1 || !migration) {
      throw new StepladderError(
        'migration_gap',
        `the database has migration ${row.version}, which these files lack`,
      )
    }
    if (migration.sha256 !== row.sha256) {
      throw new StepladderError('migration_changed', `${migration.name} was applied with another text`)
    }
  }
}
