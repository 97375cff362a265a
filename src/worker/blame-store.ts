import { messageOf, stderrOf, TransientError } from '../errors.ts'
import type { Storage } from '../storage.ts'

/** Codes behind which a source may be at fault, or the store that it is read from. */
const ambiguous = new Set(['source_unreachable', 'ffmpeg_stalled', 'ffmpeg_failed', 'probe_failed'])
/** What a media program says when it got no connection, or an answer of 5xx. */
const outage = /HTTP error 5\d\d|Server returned 5|Connection (refused|timed out|reset)|Failed to resolve/

/**
 * A worker reads sources from our own store alone. So what a media program could not read is the store's
 * outage, which spends no attempt, if it says so, or if the store does not answer us now. Anything else
 * stays what it was.
 */
export async function blameStore(storage: Pick<Storage, 'probe'>, error: unknown): Promise<unknown> {
  if (!(error instanceof TransientError) || !ambiguous.has(error.code)) return error
  const away = () =>
    new TransientError('storage_unavailable', `the object store was away: ${messageOf(error)}`, {
      cause: error.cause,
    })
  if (outage.test(stderrOf(error) ?? '') || outage.test(error.message)) return away()
  return storage.probe().then(() => error, away)
}
