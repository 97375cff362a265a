import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, test as it, vi } from 'vitest'
import { type Stack, startStack } from '../../scripts/stack.ts'

// With endpoints given the programs may not even be installed.
const test = it.skipIf(process.env.DATABASE_URL || process.env.REDIS_URL || process.env.S3_ENDPOINT)

let dataDir: string
beforeEach(() => {
  // Closed to others, as a home directory is: PostgreSQL runs under another account than root.
  dataDir = mkdtempSync(join(tmpdir(), 'stepladder-stack-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const fixture = new URL('../fixtures/hold-stack.ts', import.meta.url).pathname
const start = () => startStack({ dataDir, ports: 'free', durable: false })

async function query<T>(stack: Stack, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(stack.environment.DATABASE_URL ?? '', { max: 1 })
  try {
    return await run(sql)
  } finally {
    await sql.end()
  }
}

function recordedPids(): number[] {
  const record = JSON.parse(readFileSync(join(dataDir, 'processes.json'), 'utf8'))
  return record.processes.map((entry: { pid: number }) => entry.pid)
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is gone as far as anybody can tell.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('a second start finds the data of the first, and stopping leaves no process', async () => {
  const first = await start()
  await query(first, (sql) => sql`create table kept as select 42 as answer`)
  const pids = recordedPids()
  expect(pids).toHaveLength(3)
  await first.stop()
  expect(pids.filter(isAlive)).toEqual([])

  await using second = await start()
  expect(await query(second, (sql) => sql`select answer from kept`)).toEqual([{ answer: 42 }])
})

test('a folder that a living stack uses is refused to a second one', async () => {
  await using _stack = await start()
  await expect(start()).rejects.toMatchObject({ code: 'stack_in_use' })
})

test('after every process was killed with -9 the next start has what was committed', async () => {
  const holder = spawn(process.execPath, [fixture, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: holder.stdout }), 'line')
  const sql = postgres(JSON.parse(line).DATABASE_URL, { max: 1, onclose: () => {} })
  await sql`create table kept as select 42 as answer`
  const gone = once(holder, 'exit')
  for (const pid of [...recordedPids(), holder.pid ?? 0]) process.kill(pid, 'SIGKILL')
  await Promise.all([gone, sql.end({ timeout: 0 })])

  await using stack = await start()
  expect(await query(stack, (again) => again`select answer from kept`)).toEqual([{ answer: 42 }])
})

test('when only the owner is killed its services end too', async () => {
  const holder = spawn(process.execPath, [fixture, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(createInterface({ input: holder.stdout }), 'line')
  const pids = recordedPids()
  holder.kill('SIGKILL')
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 50 })
})

test('a stranger with the number of an earlier PostgreSQL does not stop the next start', async () => {
  const pidFile = join(dataDir, 'postgres/postmaster.pid')
  const first = await start()
  const left = readFileSync(pidFile, 'utf8')
  await first.stop()

  // Of the same account, or PostgreSQL itself would see that it cannot be its own.
  const { uid } = statSync(join(dataDir, 'postgres'))
  const stranger = spawn('sleep', ['60'], { ...(process.getuid?.() === 0 && { uid }) })
  try {
    await once(stranger, 'spawn')
    writeFileSync(pidFile, left.replace(/^\d+/, String(stranger.pid)))
    await using second = await start()
    expect(await query(second, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }])
  } finally {
    stranger.kill()
  }
})
