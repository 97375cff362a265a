import { Redis, type RedisOptions } from 'ioredis'
import type { Log } from './log.ts'

export type { Redis } from 'ioredis'

/** Names that operators and scripts rely on; the prefix is empty in production. */
export function redisNames(prefix: string) {
  return {
    stream: `${prefix}video:jobs`,
    group: 'video-workers',
    deadStream: `${prefix}video:jobs:dead`,
    progressChannel: (videoId: string) => `${prefix}video:progress:${videoId}`,
    progressAllChannel: `${prefix}video:progress:all`,
    progressKey: (videoId: string) => `${prefix}progress:${videoId}`,
    probeKey: (who: string) => `${prefix}probe:${who}`,
    rateKey: (policy: string, who: string) => `${prefix}rate:${policy}:${who}`,
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

const pingMs = 2_000
/** What may pass without an answer, longer than a read blocks, before the socket is replaced. */
const blockingSilenceMs = 10_000

/**
 * With ioredis 6 a socket in a black hole looks ready for ever: `commandTimeout` rejects the one command
 * and keeps the socket, and the greeting of a new one may hang too. `socketTimeout` replaces a socket that
 * owes an answer for so long; the ping sees to it that there is one to owe. Where nothing is queued
 * (`enableOfflineQueue`), what is asked meanwhile is refused at once.
 */
const roleOptions: Record<RedisRole, Settings> = {
  request: {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: 1_000,
    socketTimeout: 2_000,
  },
  patient: { maxRetriesPerRequest: null, commandTimeout: 5_000, socketTimeout: 6_000 },
  // A read that was queued, or is sent again after a reconnect, would take an entry nobody waits for any more.
  blocking: {
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    socketTimeout: blockingSilenceMs,
  },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true, socketTimeout: 4_000 },
}

/** `silenceMs` is for a reader that blocks longer than the 5 s of the default. */
export function createRedis(options: { url: string; role: RedisRole; log: Log; silenceMs?: number }): Redis {
  const settings: Settings = {
    ...roleOptions[options.role],
    ...(options.silenceMs === undefined ? {} : { socketTimeout: options.silenceMs }),
    connectTimeout: 3_000,
    retryStrategy: (times) => Math.min(50 * 2 ** times, 2_000),
    // After a fail-over the old master answers on, but takes no writes.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
  const redis = new Redis(options.url, settings)
  let reported = false
  redis.on('error', (error: Error) => {
    if (reported) return
    reported = true
    options.log.warn({ err: error.message, role: options.role }, 'redis connection failed')
  })
  redis.on('ready', () => {
    reported = false
  })
  if (options.role !== 'blocking') keepPinging(redis)
  return redis
}

/** A connection that rests would notice nothing, and a subscriber's always rests. Keeps no process alive. */
function keepPinging(redis: Redis): void {
  const timer = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => {})
  }, pingMs).unref()
  redis.once('end', () => clearInterval(timer))
}

/** What Redis itself answers when it cannot serve: disk full, memory full, still loading, a replica. */
const refusals = /^(MISCONF|OOM|LOADING|READONLY|MASTERDOWN|NOREPLICAS|EXECABORT)\b/
/** ioredis has no codes for these. */
const lost =
  /^(Command timed out|Command aborted|Connection is closed|Reached the max retries|Socket timeout|Stream isn't writeable|connect ETIMEDOUT)/

/** True when Redis could not be reached or cannot serve. */
export function isRedisOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (error.name === 'ReplyError' ? refusals : lost).test(error.message)
}

/**
 * Resolves when the connection is up, after `withinMs`, or when `signal` is aborted: without Redis
 * everything starts all the same.
 */
export async function untilReady(redis: Redis, withinMs: number, signal?: AbortSignal): Promise<void> {
  if (redis.status === 'ready') return
  const patience = AbortSignal.timeout(withinMs)
  const over = signal ? AbortSignal.any([patience, signal]) : patience
  await new Promise<void>((resolve) => {
    redis.once('ready', resolve)
    const giveUp = () => {
      redis.off('ready', resolve)
      resolve()
    }
    if (over.aborted) giveUp()
    else over.addEventListener('abort', giveUp, { once: true })
  })
}

/** Throws unless Redis takes writes: with a full disk or a full memory it answers, but refuses them. */
export async function probeRedis(redis: Redis, names: RedisNames, who: string): Promise<void> {
  await redis.set(names.probeKey(who), '', 'PX', 1_000)
}
