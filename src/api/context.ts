import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKnownKeys, type KnownKeys } from '../auth/known-keys.ts'
import { createOpenMode, type OpenMode } from '../auth/open-mode.ts'
import { createTokenSecret } from '../auth/token-secret.ts'
import { createTokens, type Tokens } from '../auth/tokens.ts'
import type { Config } from '../config.ts'
import { createDatabase, type Database } from '../db.ts'
import { type Reach, reachNothing } from '../failpoints.ts'
import { createAnnouncer } from '../jobs/announce-submitted.ts'
import type { Priority } from '../jobs/state.ts'
import { createWaker, type Waker } from '../jobs/wake.ts'
import type { Log } from '../log.ts'
import { type OpenSandbox, openSandbox } from '../media/ffmpeg/open-sandbox.ts'
import type { Profiles } from '../media/plan/profiles.ts'
import { readProfiles } from '../media/plan/profiles-file.ts'
import { createFeed, type Feed } from '../progress/feed.ts'
import { createProgress, type Progress } from '../progress/report.ts'
import { createStream } from '../queue/stream.ts'
import { createRedis, type Redis, type RedisNames, redisNames } from '../redis.ts'
import { createStorage, type Storage } from '../storage.ts'
import { createEventStreams, type EventStreams } from './event-streams.ts'
import { createIdentify, type Identify } from './identify.ts'
import { createProber, type Prober } from './prober.ts'
import { createLimiter, type Limiter } from './rates/limiter.ts'
import { createRooms, type Rooms } from './rooms.ts'
import { createShares, type Shares } from './shares.ts'
import { createStreamEnds, type StreamEnds } from './stream-ends.ts'

const poolSize = 10
const redisWithinMs = 1_000
const storageSilenceMs = 4_000

/** What the routes use: the neighbours, and the functions that stand on them. */
export type ApiContext = {
  config: Config
  log: Log
  sql: Database
  storage: Storage
  redis: Redis
  names: RedisNames
  feed: Feed
  streams: EventStreams
  streamEnds: StreamEnds
  progress: Progress
  announce: (taskId: number, priority: Priority) => Promise<void>
  wake: Waker
  reach: Reach
  profiles: Profiles
  prober: Prober
  openMode: OpenMode
  keys: KnownKeys
  tokens: Tokens
  identify: Identify
  limiter: Limiter
  rooms: Rooms
  shares: Shares
  sandbox: Pick<OpenSandbox, 'confinement' | 'because'>
}

/** Opens the connections, and throws `bad_config` for profiles that cannot be used. A neighbour that is down delays nothing but a second for Redis, and heals by itself. */
export async function openContext(
  config: Config,
  log: Log,
  { reach = reachNothing, ...timing }: { reach?: Reach; pollMs?: number; resyncMs?: number } = {},
): Promise<ApiContext & AsyncDisposable> {
  const profiles = await readProfiles(config.PROFILES_FILE)
  const sql = createDatabase({ url: config.DATABASE_URL, name: 'stepladder-api', max: poolSize })
  const redis = createRedis({ url: config.REDIS_URL, role: 'request', log })
  const subscriber = createRedis({ url: config.REDIS_URL, role: 'subscriber', log })
  const names = redisNames(config.REDIS_PREFIX)
  const feed = createFeed({ sql, redis, subscriber, names, log, ...timing })
  const streams = createEventStreams()
  await Promise.race([once(redis, 'ready').catch(() => {}), sleep(redisWithinMs)])

  // Somebody waits for the answer: a store that is silent is refused before the request itself is.
  const storage = createStorage(config, { silenceMs: storageSilenceMs })
  const sandbox = await openSandbox(config, await storage.presignRead('source/'))
  const prober = createProber(config, storage)
  const openMode = createOpenMode(sql, config.HOST)
  const keys = createKnownKeys(sql)
  const streamEnds = createStreamEnds({ sql, keys, openMode })
  const tokens = createTokens({
    secret: createTokenSecret(sql, config.TOKEN_SECRET),
    sessionS: config.SESSION_KEEP_S,
    linkS: config.LINK_KEEP_S,
  })

  async function close(): Promise<void> {
    openMode.close()
    streamEnds.close()
    prober.close()
    streams.close()
    feed.close()
    redis.disconnect()
    subscriber.disconnect()
    await sql.end({ timeout: 2 })
    await sandbox.close()
  }

  const wake = createWaker(sql, log)
  return {
    config,
    log,
    sql,
    storage,
    redis,
    names,
    feed,
    streams,
    streamEnds,
    progress: createProgress(redis, names),
    announce: createAnnouncer({ sql, stream: createStream(redis, names), log, wake }),
    wake,
    reach,
    profiles,
    prober,
    openMode,
    keys,
    tokens,
    identify: createIdentify({ keys, openMode, tokens }),
    limiter: createLimiter({ redis, names, log }),
    rooms: createRooms(sql, config),
    shares: createShares(config.MAX_EVENT_STREAMS),
    sandbox,
    [Symbol.asyncDispose]: close,
  }
}
