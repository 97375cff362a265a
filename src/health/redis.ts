import type { Redis } from '../redis.ts'
import { type Check, failed, ok, warning } from './check.ts'

const oldest = 7

/** The stream must not be evicted; that it survives a restart is a comfort, no need. */
export async function checkRedis(redis: Redis): Promise<Check> {
  const info = await redis.info('memory', 'persistence', 'server')
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const version = field('redis_version')
  if (Number.parseInt(version, 10) < oldest) {
    return failed(`Redis is of version ${version}`, `upgrade it to Redis ${oldest} or newer, or Valkey`)
  }
  const policy = field('maxmemory_policy')
  if (policy.startsWith('allkeys')) {
    return failed(`Redis may evict the job stream (maxmemory-policy ${policy})`, 'set it to noeviction')
  }
  if (policy.startsWith('volatile')) {
    return warning(`Redis may evict live progress (maxmemory-policy ${policy})`, 'set it to noeviction')
  }
  if (field('aof_enabled') !== '1') {
    return warning(
      'Redis has no append-only file: no job is lost with it, but live progress and hints are',
      'start it with --appendonly yes',
    )
  }
  return ok(`Redis ${version} answers, with ${policy || 'an unknown policy'} and an append-only file`)
}
