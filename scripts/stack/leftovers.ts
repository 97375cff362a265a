import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { StepladderError } from '../../src/errors.ts'
import { startedAt } from './identity.ts'

const entrySchema = z.object({
  name: z.string(),
  pid: z.number(),
  startedAt: z.string(),
  stopSignal: z.string(),
})
const recordSchema = z.object({ owner: entrySchema, processes: z.array(entrySchema) })
type Entry = z.infer<typeof entrySchema>

const patienceMs = 10_000

/** Says in a file who started what, so that the next start can end what a killed one left running. */
export type Record = {
  add(entry: { name: string; pid: number; stopSignal: NodeJS.Signals }): void
  clear(): void
}

/**
 * Takes a data directory over: ends the processes that an earlier, killed owner recorded in `file`,
 * then records this process as the owner. Only a process with the recorded start time is touched.
 * Throws `stack_in_use` while the earlier owner lives.
 */
export async function takeOver(file: string): Promise<Record> {
  const earlier = readRecord(file)
  if (earlier && isAlive(earlier.owner)) {
    const { pid } = earlier.owner
    throw new StepladderError(
      'stack_in_use',
      `${dirname(file)} is in use by process ${pid}; stop that one first`,
    )
  }
  await Promise.all((earlier?.processes ?? []).map(end))

  const processes: Entry[] = []
  const owner = {
    name: 'owner',
    pid: process.pid,
    startedAt: startedAt(process.pid) ?? '',
    stopSignal: 'SIGTERM',
  }
  const write = () => {
    writeFileSync(`${file}.new`, JSON.stringify({ owner, processes }, null, 2))
    renameSync(`${file}.new`, file)
  }
  mkdirSync(dirname(file), { recursive: true })
  write()
  return {
    add({ name, pid, stopSignal }) {
      const started = startedAt(pid)
      if (started === null) return
      processes.push({ name, pid, startedAt: started, stopSignal })
      write()
    },
    clear: () => rmSync(file, { force: true }),
  }
}

function readRecord(file: string): z.infer<typeof recordSchema> | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null // none, or cut off by a crash: then nothing is surely ours
  }
}

function isAlive(entry: Entry): boolean {
  return entry.startedAt !== '' && startedAt(entry.pid) === entry.startedAt
}

async function end(entry: Entry): Promise<void> {
  if (!isAlive(entry)) return
  process.kill(entry.pid, entry.stopSignal)
  const deadline = Date.now() + patienceMs
  // Not our child, so there is no exit to wait for: look until it is gone.
  while (isAlive(entry)) {
    if (Date.now() > deadline) process.kill(entry.pid, 'SIGKILL')
    await sleep(50)
  }
}
