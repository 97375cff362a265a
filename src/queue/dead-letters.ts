import type { Redis, RedisNames } from '../redis.ts'

/** What an entry of the view tells apart: one failure of one video. */
export type DeadEntry = { id: string; video: string; at: string }

/** The stream of failed videos: a view for people and scripts, made from the database, which nothing reads. */
export function createDeadStream(redis: Redis, names: RedisNames) {
  const { deadStream } = names

  /** All entries; one that is not readable has no video, and so belongs to no failure. */
  async function read(): Promise<DeadEntry[]> {
    const rows = await redis.xrange(deadStream, '-', '+')
    return rows.map(([id, fields]) => {
      const value = (name: string) =>
        fields[fields.findIndex((field, i) => i % 2 === 0 && field === name) + 1] ?? ''
      return { id, video: value('video'), at: value('at') }
    })
  }

  /** Removes entries and appends others, in one step of the server. */
  async function change(
    remove: readonly string[],
    add: readonly Record<string, string | number>[],
  ): Promise<void> {
    if (remove.length + add.length === 0) return
    const step = redis.multi()
    if (remove.length > 0) step.xdel(deadStream, ...remove)
    for (const fields of add) step.xadd(deadStream, '*', ...Object.entries(fields).flat())
    await step.exec()
  }

  return { read, change }
}
