import type { Command } from 'commander'
import { z } from 'zod'
import { deleteVideo, getVideo } from '../client/videos.ts'
import { confirmed } from '../confirm.ts'
import { exits, type Perform, type Session } from '../session.ts'
import { changeEach } from './change-each.ts'
import { examples } from './examples.ts'

const optionsSchema = z.object({ yes: z.boolean().default(false) })

export function addDelete(program: Command, perform: Perform): void {
  program
    .command('delete')
    .alias('rm')
    .description('remove videos with all their files, and their sources unless another video has them')
    .argument('<id...>', 'their ids')
    .option('-y, --yes', 'do not ask; needed where nobody can be asked')
    .addHelpText(
      'after',
      examples(
        'delete 0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e',
        'list --ids --status cancelled | xargs stepladder delete --yes',
      ),
    )
    .action(perform(optionsSchema, remove))
}

async function remove(
  session: Session,
  ids: string[],
  { yes }: z.infer<typeof optionsSchema>,
): Promise<number> {
  if (!yes && !(await confirmed(session, () => question(session, ids)))) {
    session.output.screen.say('nothing was deleted')
    session.output.document({ results: [] })
    return exits.failed
  }
  return changeEach(session, ids, async (id) => {
    await deleteVideo(session, id)
    return { video: null, said: 'deleted' }
  })
}

async function question(session: Session, ids: readonly string[]): Promise<string> {
  const [first = ''] = ids
  if (ids.length > 1) return `Delete ${ids.length} videos for good?`
  const { title } = await getVideo(session, first, session.signal)
  return `Delete ${title ?? first} for good?`
}
