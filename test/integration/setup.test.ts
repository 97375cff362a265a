import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'

const script = join(import.meta.dirname, '../../scripts/setup.sh')
// Endpoints are given, so that only Node, npm and ffmpeg can be missing.
const given = { DATABASE_URL: 'postgres://x', REDIS_URL: 'redis://x', S3_ENDPOINT: 'http://x' }

let bin: string
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'stepladder-bin-'))
  for (const name of ['dirname', 'sed', 'mkdir', 'tail']) symlinkSync(join('/usr/bin', name), join(bin, name))
})
afterEach(() => rmSync(bin, { recursive: true, force: true }))

function program(name: string, prints: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\necho ${prints}\n`)
  chmodSync(join(bin, name), 0o755)
}

async function setup(): Promise<{ exitCode: number | undefined; lines: string[] }> {
  const options = { env: { ...given, PATH: bin, HOME: bin }, extendEnv: false, reject: false } as const
  const { exitCode, stderr } = await execa('/bin/bash', [script], options)
  return { exitCode, lines: stderr.split('\n') }
}

test('without Node.js one sentence says which to install', async () => {
  expect(await setup()).toEqual({
    exitCode: 1,
    lines: ['setup: Node.js is missing: install version 20 or newer, with npm.'],
  })
})

test('an old Node.js is named with its version', async () => {
  program('node', 'v18.20.1')
  const { exitCode, lines } = await setup()
  expect(exitCode).toBe(1)
  expect(lines).toEqual([expect.stringContaining('Node.js v18.20.1 is too old')])
})

test('without npm one sentence says where it comes from', async () => {
  program('node', 'v20.11.0')
  expect((await setup()).lines).toEqual([expect.stringContaining('npm is missing: install it')])
})

test('where there is no apt-get the missing packages are named', async () => {
  program('node', 'v20.11.0')
  program('npm', '10')
  expect((await setup()).lines).toEqual([
    expect.stringContaining('missing: ffmpeg. There is no apt-get here'),
  ])
})

test('whoever is not root gets the command to run as root', async () => {
  program('node', 'v20.11.0')
  program('npm', '10')
  program('apt-get', 'must not be called')
  program('id', '1000')
  expect((await setup()).lines).toEqual([
    'setup: missing: ffmpeg. Installing needs root: sudo apt-get install ffmpeg',
  ])
})
