import type { Agent } from 'undici'
import { z } from 'zod'
import type { Config } from '../config.ts'
import type { Database } from '../db.ts'
import { PermanentError, StepladderError } from '../errors.ts'
import type { ClaimedTask } from '../jobs/claim.ts'
import { completeFetch } from '../jobs/complete-fetch.ts'
import { fetchedKey } from '../jobs/object-keys.ts'
import type { Log } from '../log.ts'
import type { Progress } from '../progress/report.ts'
import { holdThroughOutage } from '../runs/hold.ts'
import type { Storage } from '../storage.ts'
import { asSourceError, openDownload } from './download.ts'

const inputSchema = z.object({ url: z.url() })
const reportMs = 500

export type CourierContext = {
  config: Config
  sql: Database
  storage: Storage
  progress: Progress
  agent: Agent
  log: Log
}

/** Copies a caller's URL into the bucket, part by part, within the caps on bytes and time. */
export async function fetchSource(
  context: CourierContext,
  task: ClaimedTask,
  signal: AbortSignal,
): Promise<void> {
  const { url } = inputSchema.parse(task.input)
  const { config, storage, log } = context
  const tooLong = AbortSignal.timeout(config.FETCH_TIMEOUT_MS)
  const both = AbortSignal.any([signal, tooLong])
  const key = fetchedKey(task)
  try {
    const { body, totalBytes } = await openDownload(url, {
      agent: context.agent,
      maxBytes: config.MAX_SOURCE_BYTES,
      signal: both,
    })
    const counted = countBytes(body, context, task, totalBytes)
    const stored = await storage.putStream(key, counted, {
      contentType: 'application/octet-stream',
      signal: both,
    })
    if (stored.bytes === 0) throw new PermanentError('empty_source', 'the source is empty')
    log.info({ bytes: stored.bytes }, 'source fetched')
    await holdThroughOutage(() => completeFetch(context.sql, task, { key, ...stored }), { signal, log })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (tooLong.aborted)
      throw new PermanentError('source_too_slow', 'the source took longer than allowed to download')
    throw error
  }
}

/** Passes the bytes on, reports them, and stops at the cap, for a header may lie or be missing. */
async function* countBytes(
  body: AsyncIterable<Buffer>,
  { config, progress }: CourierContext,
  task: ClaimedTask,
  totalBytes: number | null,
): AsyncGenerator<Buffer> {
  let bytes = 0
  let reportedAt = 0
  try {
    for await (const piece of body) {
      bytes += piece.length
      if (bytes > config.MAX_SOURCE_BYTES) {
        throw new PermanentError(
          'source_too_large',
          `the source has more than the ${config.MAX_SOURCE_BYTES} bytes allowed`,
        )
      }
      if (Date.now() - reportedAt >= reportMs) {
        reportedAt = Date.now()
        void progress.stage(task.videoId, 'queued', 'fetching', { bytes, total_bytes: totalBytes })
      }
      yield piece
    }
  } catch (error) {
    throw error instanceof StepladderError ? error : asSourceError(error)
  }
}
