import { setTimeout as sleep } from 'node:timers/promises'
import { createKey } from '../../src/auth/api-keys.ts'
import { defaultOwner, scopes } from '../../src/auth/scopes.ts'
import { startSystem, type TestSystem } from '../../test/support/start-system.ts'
import type { Things } from './http/mutation.ts'
import { type Answers, createLogCount } from './log-count.ts'
import { createMaker } from './things.ts'

export type Subject = AsyncDisposable & {
  baseUrl: string
  system: TestSystem
  /** Those of a key for everything. */
  headers: Record<string, string>
  /** Videos that were put there past the API and have no history. */
  made: ReadonlySet<string>
  /** New videos and uploads, and all else that requests can name. */
  makeThings(): Promise<Things>
  answers(): Answers
}

/** No caller's rate is counted, and none has too many of something: what refuses most says little of the rest. */
const environment = {
  LOG_LEVEL: 'debug',
  RATE_READ: '0',
  RATE_WRITE: '0',
  RATE_PROBE: '0',
  MAX_QUEUED_VIDEOS: '0',
  MAX_OPEN_UPLOADS: '0',
}

/** The API as it runs for real, with a key and without workers, on data of its own. */
export async function startSubject(services: { [name: string]: string }): Promise<Subject> {
  const system = await startSystem({ services, workers: 0, environment })
  const key = await makeKey(system)
  const headers = { Authorization: `Bearer ${key}` }
  const { made, makeThings } = await createMaker(system, key)
  return {
    baseUrl: system.baseUrl,
    system,
    headers,
    made,
    makeThings,
    answers: createLogCount(system.api),
    [Symbol.asyncDispose]: () => system.dispose(),
  }
}

/** A key for everything; resolves when the API asks for it, as it does from then on. */
async function makeKey({ sql, baseUrl }: TestSystem): Promise<string> {
  const all = [...scopes]
  const { text } = await createKey(sql, { name: 'fuzz', owner: defaultOwner, scopes: all, expiresInS: null })
  while ((await fetch(`${baseUrl}/limits`)).status !== 401) await sleep(100)
  return text
}
