import type { Command } from 'commander'
import { z } from 'zod'
import { changeVideo } from '../client/videos.ts'
import type { Perform, Session } from '../session.ts'
import { changeEach } from './change-each.ts'
import { examples } from './examples.ts'

export function addCancel(program: Command, perform: Perform): void {
  program
    .command('cancel')
    .description('stop videos; what is finished is kept for a day')
    .argument('<id...>', 'their ids')
    .addHelpText('after', examples('cancel 0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e'))
    .action(perform(z.unknown(), cancel))
}

function cancel(session: Session, ids: string[]): Promise<number> {
  return changeEach(session, ids, async (id) => {
    const video = await changeVideo(session, id, 'cancel')
    return { video, said: video.status }
  })
}
