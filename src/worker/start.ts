import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { createDatabase } from '../db.ts'
import { messageOf } from '../errors.ts'
import { type Reach, reachNothing } from '../failpoints.ts'
import { forgetWorker } from '../jobs/workers.ts'
import type { Log } from '../log.ts'
import { readBuild } from '../media/ffmpeg/build.ts'
import { openSandbox } from '../media/ffmpeg/open-sandbox.ts'
import { readProfiles } from '../media/plan/profiles-file.ts'
import { createProgress } from '../progress/report.ts'
import { createReader } from '../queue/reader.ts'
import { createStream } from '../queue/stream.ts'
import { createRedis, probeRedis, redisNames, untilReady } from '../redis.ts'
import { createBreakers } from '../runs/breakers.ts'
import { createStorage } from '../storage.ts'
import type { WorkerContext } from './context.ts'
import { giveBack, runLoop } from './loop.ts'
import { startMaintenance } from './maintenance.ts'
import { type Perform, performTask } from './perform.ts'
import { startPresence } from './presence.ts'
import { startTask } from './run-task.ts'
import { claimScratch } from './scratch.ts'
import { requireScratch } from './scratch-room.ts'

/** A statement takes about a millisecond and a run makes few of them: so many serve any number of slots. */
const mostConnections = 20

/**
 * Opens the connections and starts the loops of one worker. `drain` stops it without losing anything.
 * `parts` are for the chaos suite, which ends the process at a place it names, and for the benchmark of
 * the control plane, whose tasks cost nothing.
 */
export async function startWorker(
  config: Config,
  log: Log,
  parts: { reach?: Reach; perform?: Perform } = {},
): Promise<{ drain: () => Promise<void> }> {
  const { reach = reachNothing, perform = performTask } = parts
  const sandbox = await openSandbox(config, await createStorage(config).presignRead('source/'))
  const [build, profiles] = await Promise.all([
    readBuild(config.FFMPEG_PATH),
    readProfiles(config.PROFILES_FILE),
  ])
  const scratch = await claimScratch(config.SCRATCH_DIR, config.WORKER_NAME)
  if (scratch.orphans > 0) log.warn({ orphans: scratch.orphans }, 'ended programs of a killed worker')
  const names = redisNames(config.REDIS_PREFIX)
  const sql = createDatabase({
    url: config.DATABASE_URL,
    name: 'stepladder-worker',
    max: Math.min(config.WORKER_SLOTS + 4, mostConnections),
  })
  const redis = createRedis({ url: config.REDIS_URL, role: 'request', log })
  // The reader's own watchdog comes first: it knows for what it waits.
  const silenceMs = config.BLOCK_MS + 3_000
  const blocking = createRedis({ url: config.REDIS_URL, role: 'blocking', log, silenceMs })
  const stream = createStream(redis, names)
  const drain = new AbortController()
  const stopped = new AbortController()
  const report = (error: unknown) => breakers.report(error)
  const storage = createStorage(config, { onOutage: report })
  const context: WorkerContext = {
    config: { ...config, SCRATCH_DIR: scratch.folder },
    sql,
    stream,
    storage,
    progress: createProgress(redis, names),
    log,
    reach,
    report,
    workerId: `${config.WORKER_NAME}-${randomBytes(4).toString('hex')}`,
    consumer: config.WORKER_NAME,
    build: build.fingerprint,
    codecs: build.codecs,
    vmaf: build.vmaf,
    profiles,
  }

  for (const { name, video } of profiles.values()) {
    if (video && !build.codecs.has(video.codec))
      log.warn({ profile: name }, `this ffmpeg cannot encode ${video.codec}`)
  }
  const breakers = createBreakers({
    probes: {
      // What shows in the row is that it can be written.
      database: () => presence.write(),
      redis: () => probeRedis(redis, names, context.workerId),
      storage: storage.probe,
      scratch: () => requireScratch(context.config),
    },
    log,
    stopped: stopped.signal,
    onChange: () => void presence.write().catch(report),
  })
  const presence = startPresence(context, {
    version: build.version,
    missing: breakers.missing,
    drain: drain.signal,
    stopped: stopped.signal,
  })
  for (const connection of [redis, blocking]) {
    connection.on('close', () => {
      if (!drain.signal.aborted) breakers.miss('redis', new Error('the connection to Redis was lost'))
    })
  }
  await untilReady(redis, 2_000)
  const maintenance = startMaintenance(context, stopped.signal)
  // A hint that there is something to dispatch; the pass each second does not depend on it.
  const listening = sql.listen('stepladder_dispatch', maintenance.topUp, maintenance.topUp).catch(() => {})
  const reader = createReader({
    redis: blocking,
    names,
    stream,
    consumer: context.consumer,
    blockMs: config.BLOCK_MS,
    log,
    report,
  })
  const loop = runLoop(context, {
    reader,
    breakers,
    drain: drain.signal,
    start: (task, entryId, slot) =>
      startTask(context, { ...slot, task, entryId, perform, drain: drain.signal, topUp: maintenance.topUp }),
  })
  log.info(
    {
      worker_id: context.workerId,
      slots: config.WORKER_SLOTS,
      ffmpeg: build.version,
      vmaf: build.vmaf,
      sandbox: sandbox.confinement,
    },
    'worker started',
  )
  if (sandbox.because !== '' && config.SANDBOX !== 'off')
    log.info({ because: sandbox.because }, 'programs are not boxed in entirely')

  return {
    drain: async () => {
      drain.abort()
      await loop
      reader.disconnect()
      reach('draining')
      await giveBackHints(context)
      stopped.abort()
      await Promise.all([maintenance.ended, presence.ended])
      await listening
      await forgetWorker(sql, context.workerId).catch(() => {})
      redis.disconnect()
      await sql.end({ timeout: 5 })
      await sandbox.close()
    },
  }
}

/** The read that the drain cut short may have been handed an entry; another worker can have it at once. */
async function giveBackHints(context: WorkerContext): Promise<void> {
  const { stream, consumer, log } = context
  try {
    await giveBack(context, await stream.pendingOf(consumer))
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'hints were not given back: they are replaced within a minute')
  }
}
