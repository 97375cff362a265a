import type { Command } from 'commander'
import { z } from 'zod'
import { followProgress, isLast, type ProgressChange } from '../client/follow.ts'
import { getVideo } from '../client/videos.ts'
import { progressBlock } from '../screen/blocks.ts'
import { statusPiece } from '../screen/words.ts'
import { exits, type Perform, type Session, usage } from '../session.ts'
import { examples } from './examples.ts'

/** `GET /progress` takes no more. */
const mostIds = 100

export function addWatch(program: Command, perform: Perform): void {
  program
    .command('watch')
    .description('follow videos until they are over; fails unless all of them are completed')
    .argument('<id...>', 'their ids')
    .addHelpText(
      'after',
      examples(
        'watch 0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e',
        'watch $(stepladder list --ids --status processing)',
        "watch --json 0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e | jq '.percent'",
      ),
    )
    .action(perform(z.unknown(), watch))
}

async function watch(session: Session, args: string[]): Promise<number> {
  const ids = [...new Set(args.map((id) => id.toLowerCase()))]
  if (ids.length > mostIds) throw usage(`${mostIds} videos at most; got ${ids.length}`)
  const { baseUrl, key, signal, output } = session
  // So that an unknown id is refused before anything is shown.
  const videos = await Promise.all(ids.map((id) => getVideo(session, id, signal)))
  const titles = new Map(videos.map(({ id, title }) => [id, title ?? id]))
  let isFine = true
  const onTrouble = (message: string) => output.screen.say(`${message}; connecting again`)
  for await (const change of followProgress({ baseUrl, key, videoIds: ids, signal, onTrouble })) {
    const { videoId } = change
    const event = eventOf(change)
    output.jsonLine({ event, ...(change.event === 'progress' ? change.snapshot : { video_id: videoId }) })
    output.screen.show(videoId, progressBlock(titles.get(videoId) ?? videoId, change))
    if (!isLast(change)) continue
    if (event !== 'completed') isFine = false
  }
  output.screen.settle()
  for (const { id } of videos) output.print([id, '  ', statusPiece((await getVideo(session, id)).status)])
  return isFine ? exits.ok : exits.failed
}

/** As the stream of one video names it: by how it ended. */
function eventOf(change: ProgressChange): string {
  if (change.event === 'deleted') return change.event
  return isLast(change) ? change.snapshot.status : 'progress'
}
