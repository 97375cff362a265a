import type { Context } from 'hono'
import type { Config } from '../../config.ts'
import { isSafe } from '../safe-method.ts'

/** So many requests at once, which come back one by one, all of them within the window. */
export type Policy = { name: 'read' | 'write' | 'probe'; quota: number; windowS: number }

const windowS = 60
/** The page and its files, which lie on disk, and the sign of life, which asks nobody. */
const free = /^\/($|docs$|openapi\.json$|healthz$|web\/|vendor\/|embed\/)/

/** The policies that are in force. A quota of 0 is none. */
export function policiesOf(
  config: Pick<Config, 'RATE_READ' | 'RATE_WRITE' | 'RATE_PROBE'>,
): Map<Policy['name'], Policy> {
  const quotas = { read: config.RATE_READ, write: config.RATE_WRITE, probe: config.RATE_PROBE }
  const names = ['read', 'write', 'probe'] as const
  const inForce = names.filter((name) => quotas[name] > 0)
  return new Map(inForce.map((name) => [name, { name, quota: quotas[name], windowS }]))
}

/** What a request is counted as: `probe` starts a program, `write` changes rows or signs, `read` is the rest. */
export function policyNameOf(c: Context): Policy['name'] | null {
  const { method, path } = c.req
  if (isSafe(method)) return isFree(path) ? null : 'read'
  const isDryRun = path === '/jobs' && c.req.query('dry_run') === 'true'
  return path === '/probe' || isDryRun ? 'probe' : 'write'
}

/** Whether no quota counts a request to read this address. */
export function isFree(path: string): boolean {
  return free.test(path)
}
