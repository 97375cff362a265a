import type { Redis, RedisNames } from '../redis.ts'

/** Tells watchers in every process that a video is gone, and whose it was, which no row says any more. Best effort: they also find out by themselves. */
export async function publishRemoval(
  redis: Redis,
  names: RedisNames,
  video: { id: string; owner: string },
): Promise<void> {
  const message = JSON.stringify({ video_id: video.id, owner: video.owner, deleted: true })
  try {
    await redis.publish(names.progressChannel(video.id), message)
    await redis.publish(names.progressAllChannel, message)
  } catch {
    // Redis is down, which the connection itself reports.
  }
}
