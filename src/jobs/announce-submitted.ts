import type { Database } from '../db.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Stream } from '../queue/stream.ts'
import type { Priority } from './state.ts'
import { markAnnounced } from './submit.ts'
import type { Waker } from './wake.ts'
import { leastHints } from './window.ts'
import { liveSlots } from './workers.ts'

const slotsKnownForMs = 1_000

/**
 * Returns a function that announces a task submitted just now, so that an idle worker begins at once.
 * Best effort: without an idle slot, or without Redis, it is left to the dispatcher, who is woken when the
 * matter is urgent. Never throws.
 */
export function createAnnouncer(options: { sql: Database; stream: Stream; log: Log; wake: Waker }) {
  const { sql, stream, log, wake } = options
  let known = { slots: Promise.resolve(0), until: 0 }

  function slotsNow(): Promise<number> {
    if (Date.now() < known.until) return known.slots
    known = { slots: countLiveSlots(sql), until: Date.now() + slotsKnownForMs }
    return known.slots
  }

  return async function announce(taskId: number, priority: Priority): Promise<void> {
    try {
      // The stream holds what runs, too. Where every slot has its entry, one more would only stand behind
      // hints of a lower priority, which the dispatcher takes back.
      const limit = (await slotsNow()) || leastHints
      const entryId = await stream.announce({ id: taskId, streamId: null }, limit)
      if (entryId !== null) await markAnnounced(sql, taskId, entryId)
      else if (priority === 'high') wake('stepladder_dispatch')
    } catch (error) {
      log.debug({ task_id: taskId, err: messageOf(error) }, 'left the announcement to the dispatcher')
    }
  }
}

async function countLiveSlots(sql: Database): Promise<number> {
  const [row] = await sql<{ slots: number }[]>`select ${liveSlots(sql)} as slots`
  return row?.slots ?? 0
}
