import { messageOf, StepladderError } from '../../errors.ts'
import type { Video } from '../client/video.ts'
import { exits, type Session } from '../session.ts'

/**
 * Does the same to each of several videos, whatever becomes of the others; fails when any was refused. `--json`
 * gives `{ "results": [{ "id", "video", "error" }] }`, `video` being null where nothing is left to show.
 */
export async function changeEach(
  session: Session,
  ids: readonly string[],
  change: (id: string) => Promise<{ video: Video | null; said: string }>,
): Promise<number> {
  const { output } = session
  const results = []
  for (const id of new Set(ids)) {
    try {
      const { video, said } = await change(id)
      output.print(`${id}  ${said}`)
      results.push({ id, video, error: null })
    } catch (error) {
      session.signal.throwIfAborted()
      if (!(error instanceof StepladderError) || error.code === 'api_unreachable') throw error
      output.screen.say([{ text: 'stepladder: ', style: 'red' }, `${id}: ${messageOf(error)}`])
      results.push({ id, video: null, error: { code: error.code, message: messageOf(error) } })
    }
  }
  output.document({ results })
  return results.every(({ error }) => error === null) ? exits.ok : exits.failed
}
