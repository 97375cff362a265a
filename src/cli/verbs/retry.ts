import type { Command } from 'commander'
import { z } from 'zod'
import { changeVideo } from '../client/videos.ts'
import type { Perform, Session } from '../session.ts'
import { changeEach } from './change-each.ts'
import { examples } from './examples.ts'

export function addRetry(program: Command, perform: Perform): void {
  program
    .command('retry')
    .description('go on with failed or cancelled videos; what is finished is used')
    .argument('<id...>', 'their ids')
    .addHelpText(
      'after',
      examples(
        'retry 0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e',
        'list --ids --status failed | xargs stepladder retry',
      ),
    )
    .action(perform(z.unknown(), retry))
}

function retry(session: Session, ids: string[]): Promise<number> {
  return changeEach(session, ids, async (id) => {
    const video = await changeVideo(session, id, 'retry')
    return { video, said: video.status }
  })
}
