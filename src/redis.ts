import { once } from 'node:events'
import { Redis, type RedisOptions } from 'ioredis'
import type { Log } from './log.ts'

export type { Redis } from 'ioredis'

/** Names that operators and scripts rely on; the prefix is empty in production. */
export function redisNames(prefix: string) {
  return {
    stream: `${prefix}video:jobs`,
    group: 'video-workers',
    progressChannel: (videoId: string) => `${prefix}video:progress:${videoId}`,
    progressAllChannel: `${prefix}video:progress:all`,
    progressKey: (videoId: string) => `${prefix}progress:${videoId}`,
  } as const
}
export type RedisNames = ReturnType<typeof redisNames>

/**
 * `request`: fails fast, for work somebody waits for. `patient`: waits through an outage.
 * `blocking`: reads that block on purpose, ended by their own watchdog. `subscriber`: pub/sub.
 */
export type RedisRole = 'request' | 'patient' | 'blocking' | 'subscriber'

// Without replyMapping, whose own type does not fit exactOptionalPropertyTypes.
type Settings = Omit<RedisOptions, 'replyMapping'>

const roleOptions: Record<RedisRole, Settings> = {
  request: { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 1_000 },
  patient: { maxRetriesPerRequest: null, commandTimeout: 5_000 },
  // A read that is sent again after a reconnect would take an entry nobody waits for any more.
  blocking: { maxRetriesPerRequest: null, autoResendUnfulfilledCommands: false },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
}

export function createRedis(options: { url: string; role: RedisRole; log: Log }): Redis {
  const settings: Settings = {
    ...roleOptions[options.role],
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2_000),
  }
  const redis = new Redis(options.url, settings)
  let reported = ''
  redis.on('error', (error: Error) => {
    if (error.message === reported) return
    reported = error.message
    options.log.warn({ err: error.message, role: options.role }, 'redis connection failed')
  })
  redis.on('ready', () => {
    reported = ''
  })
  return redis
}

/** Resolves when the connection is up, or after `withinMs`: without Redis everything starts all the same. */
export async function untilReady(redis: Redis, withinMs: number): Promise<void> {
  if (redis.status === 'ready') return
  await once(redis, 'ready', { signal: AbortSignal.timeout(withinMs) }).catch(() => {})
}
