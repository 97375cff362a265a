import type { Config } from '../config.ts'
import type { Database } from '../db.ts'
import { countOpenUploads, countQueuedVideos } from '../jobs/count-owned.ts'
import { createRoom, type Room } from '../jobs/room.ts'
import { TooMany } from './too-many.ts'

export type Rooms = { queue: Room; uploads: Room }

/** What an owner may have at once: 429 `queue_full` and `too_many_uploads` beyond. */
export function createRooms(
  sql: Database,
  config: Pick<Config, 'MAX_QUEUED_VIDEOS' | 'MAX_OPEN_UPLOADS'>,
): Rooms {
  const { MAX_QUEUED_VIDEOS: videos, MAX_OPEN_UPLOADS: uploads } = config
  return {
    queue: createRoom({
      sql,
      name: 'queue',
      cap: videos,
      count: (query, owner) => countQueuedVideos(query, owner, videos),
      refusal: () =>
        new TooMany('queue_full', `${videos} videos of yours wait already, and no more may`, {
          retryAfterS: 30,
        }),
    }),
    uploads: createRoom({
      sql,
      name: 'uploads',
      cap: uploads,
      count: (query, owner) => countOpenUploads(query, owner, uploads),
      refusal: () =>
        new TooMany(
          'too_many_uploads',
          `${uploads} uploads of yours are open already: make jobs of them, or delete those that are given up`,
          { retryAfterS: 60 },
        ),
    }),
  }
}
