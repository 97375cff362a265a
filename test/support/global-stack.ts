import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { type Stack, startStack } from '../../scripts/stack.ts'
import { searchFiles } from './log-search/files.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** DATABASE_URL, REDIS_URL, S3_…: the services every test of this run shares. */
    services: { [name: string]: string }
  }
}

type Shared = { users: number; stack: Promise<Stack>; dataDir: string }
// Each project loads this file anew; the stack is one for all of them.
const shared = globalThis as typeof globalThis & { stepladderTestStack?: Shared }

/** One stack for all projects of a run: started with the first, removed with the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.stepladderTestStack ??= start()
  const mine = shared.stepladderTestStack
  mine.users += 1
  const stack = await mine.stack
  project.provide('services', stack.environment)
  return async () => {
    mine.users -= 1
    if (mine.users > 0) return
    delete shared.stepladderTestStack
    await stack.stop()
    await searchFiles(join(mine.dataDir, 'logs'))
    rmSync(mine.dataDir, { recursive: true, force: true })
  }
}

function start(): Shared {
  const dataDir = mkdtempSync(join(tmpdir(), 'stepladder-test-'))
  return { users: 0, dataDir, stack: startStack({ dataDir, ports: 'free', durable: false }) }
}
