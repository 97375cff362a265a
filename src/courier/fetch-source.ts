import { createHash, type Hash } from 'node:crypto'
import type { Agent } from 'undici'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Database } from '../db.ts'
import { PermanentError } from '../errors.ts'
import type { Reach } from '../failpoints.ts'
import type { ClaimedTask } from '../jobs/claim.ts'
import { completeFetch } from '../jobs/complete-fetch.ts'
import { fetchedKey } from '../jobs/object-keys.ts'
import type { Waker } from '../jobs/wake.ts'
import type { Log } from '../log.ts'
import type { Progress } from '../progress/report.ts'
import { holdThroughOutage } from '../runs/hold.ts'
import type { Storage } from '../storage.ts'
import { openDownload } from './download.ts'
import { wholeBody } from './whole-body.ts'

const inputSchema = z.object({ url: z.string(), sha256: z.string().optional() })
const reportMs = 500

export type CourierContext = {
  config: Config
  sql: Database
  storage: Storage
  progress: Progress
  agent: Agent
  wake: Waker
  log: Log
  reach: Reach
  report: (error: unknown) => void
}

/** Copies a caller's URL into the bucket, part by part, within the caps on bytes and time. */
export async function fetchSource(
  context: CourierContext,
  task: ClaimedTask,
  signal: AbortSignal,
): Promise<void> {
  const { url, sha256 } = inputSchema.parse(task.input)
  const { config, storage, log } = context
  const key = fetchedKey(task)
  const hash = createHash('sha256')
  try {
    const options = {
      agent: context.agent,
      maxBytes: config.MAX_SOURCE_BYTES,
      signal: AbortSignal.any([signal, AbortSignal.timeout(config.FETCH_TIMEOUT_MS)]),
    }
    const first = await openDownload(url, options)
    const body = wholeBody(first, (rest) => openDownload(url, { ...options, rest }), {
      signal: options.signal,
      onBreak: ({ message }, bytes) => log.warn({ err: message, bytes }, 'source broke off, going on'),
    })
    const told = toldBytes(body, first.totalBytes, { context, task })
    const stored = await storage.putStream(key, checkedBytes(told, { config, hash, sha256 }), {
      contentType: 'application/octet-stream',
      signal,
    })
    log.info({ bytes: stored.bytes }, 'source fetched')
    const source = { key, sha256: hash.digest('hex'), ...stored }
    await holdThroughOutage(() => completeFetch(context.sql, task, source), {
      signal,
      log,
      report: context.report,
    })
  } catch (error) {
    // What broke after the abort broke because of it.
    throw signal.aborted ? signal.reason : error
  }
}

/**
 * Passes the bytes on into the hash, and throws where the source is not worth keeping: in the midst of the
 * stream, so that no object is made of it. A header may lie or be missing.
 */
async function* checkedBytes(
  body: AsyncIterable<Buffer>,
  { config, hash, sha256 }: { config: Config; hash: Hash; sha256: string | undefined },
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > config.MAX_SOURCE_BYTES) {
      throw new PermanentError(
        'source_too_large',
        `the source has more than the ${config.MAX_SOURCE_BYTES} bytes allowed`,
      )
    }
    hash.update(piece)
    yield piece
  }
  if (bytes === 0) throw new PermanentError('empty_source', 'the source is empty')
  const found = hash.copy().digest('hex')
  if (sha256 !== undefined && sha256 !== found) {
    throw new PermanentError('checksum_mismatch', `the SHA-256 of the source is ${found}, not ${sha256}`)
  }
}

/** Passes the bytes on and tells of them now and then. */
async function* toldBytes(
  body: AsyncIterable<Buffer>,
  totalBytes: number | null,
  { context, task }: { context: CourierContext; task: ClaimedTask },
): AsyncGenerator<Buffer> {
  let bytes = 0
  let toldAt = 0
  for await (const piece of body) {
    bytes += piece.length
    if (Date.now() - toldAt >= reportMs) {
      toldAt = Date.now()
      void context.progress.stage(task.videoId, 'queued', 'fetching', { bytes, total_bytes: totalBytes })
    }
    yield piece
  }
}
