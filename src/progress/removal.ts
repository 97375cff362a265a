import type { Redis, RedisNames } from '../redis.ts'

/** Tells watchers in every process that a video is gone. Best effort: they also find out by themselves. */
export async function publishRemoval(redis: Redis, names: RedisNames, videoId: string): Promise<void> {
  const message = JSON.stringify({ video_id: videoId, deleted: true })
  try {
    await redis.publish(names.progressChannel(videoId), message)
    await redis.publish(names.progressAllChannel, message)
  } catch {
    // Redis is down, which the connection itself reports.
  }
}
