import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startedAt } from '../../scripts/stack/identity.ts'
import { takeOver } from '../../scripts/stack/leftovers.ts'

let folder: string
let file: string
const children: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepladder-record-'))
  file = join(folder, 'processes.json')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

async function sleeper() {
  const child = spawn('sleep', ['60'])
  children.push(child)
  await once(child, 'spawn')
  const pid = child.pid ?? 0
  return { child, pid, entry: { name: 'sleep', pid, startedAt: startedAt(pid), stopSignal: 'SIGTERM' } }
}

async function deadEntry() {
  const { child, entry } = await sleeper()
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
  return entry
}

test('a process that a dead owner left behind is ended', async () => {
  const left = await sleeper()
  const gone = once(left.child, 'exit')
  writeFileSync(file, JSON.stringify({ owner: await deadEntry(), processes: [left.entry] }))
  await takeOver(file)
  expect(await gone).toEqual([null, 'SIGTERM'])
})

test('a stranger that got the same process number is left alone', async () => {
  const stranger = await sleeper()
  const entry = { ...stranger.entry, startedAt: 'another-boot/1' }
  writeFileSync(file, JSON.stringify({ owner: await deadEntry(), processes: [entry] }))
  await takeOver(file)
  expect(startedAt(stranger.pid)).toBe(stranger.entry.startedAt)
})

test('nothing is touched while the owner lives', async () => {
  const owner = await sleeper()
  const left = await sleeper()
  writeFileSync(file, JSON.stringify({ owner: owner.entry, processes: [left.entry] }))
  await expect(takeOver(file)).rejects.toMatchObject({ code: 'stack_in_use' })
  expect(startedAt(left.pid)).toBe(left.entry.startedAt)
})

test('a record cut off by a crash is no obstacle, and clearing removes it', async () => {
  writeFileSync(file, '{"owner":{"na')
  const record = await takeOver(file)
  record.clear()
  expect(existsSync(file)).toBe(false)
})
