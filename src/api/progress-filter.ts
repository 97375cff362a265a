import { z } from 'zod'
import { type VideoStatus, videoStatuses } from '../jobs/state.ts'
import type { Feed, Watch } from '../progress/feed.ts'
import type { Change } from '../progress/watched-video.ts'

const mostIds = 100
const listed = z.string().transform((text) => text.split(','))
const uuidSchema = z.uuid('must be UUIDs, separated by commas').toLowerCase()

/** The query of `GET /progress`: some videos by id, or those in some statuses, or both; all by default. */
export const progressQuerySchema = z.strictObject({
  ids: listed
    .pipe(z.array(uuidSchema).max(mostIds, `must be ${mostIds} at most`))
    .optional()
    .describe(`these videos, up to ${mostIds}, separated by commas`),
  status: listed
    .pipe(z.array(z.enum(videoStatuses, `must be some of ${videoStatuses.join(', ')}`)))
    .optional()
    .describe(`while they are in one of these, separated by commas: ${videoStatuses.join(', ')}`),
})

/** Follows these videos of an owner as one; one that does not exist is told as deleted. Throws when the database is down. */
export async function watchSome(
  feed: Pick<Feed, 'watch'>,
  owner: string,
  ids: readonly string[],
): Promise<Watch> {
  const begun = await Promise.allSettled(
    [...new Set(ids)].map(async (id) => ({ id, watch: await feed.watch(id, owner) })),
  )
  const watches = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = () => {
    for (const { watch } of watches) watch?.stop()
  }
  const failed = begun.find((one) => one.status === 'rejected')
  if (failed) {
    stop()
    throw failed.reason
  }
  return {
    stop,
    follow(listener) {
      for (const { id, watch } of watches) {
        if (watch) watch.follow(listener)
        else listener(id, 'deleted')
      }
    },
  }
}

/**
 * Whether a change is to be told to who asked for these statuses: while the video has one of them, and
 * once more when it has left them, so that nobody goes on showing it.
 */
export function createStatusFilter(statuses: readonly VideoStatus[] | undefined) {
  const shown = new Set<string>()
  return (videoId: string, change: Change): boolean => {
    if (!statuses) return true
    if (change !== 'deleted' && statuses.includes(change.snapshot.status)) {
      shown.add(videoId)
      return true
    }
    return shown.delete(videoId)
  }
}
