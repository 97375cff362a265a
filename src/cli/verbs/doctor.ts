import type { Command } from 'commander'
import { z } from 'zod'
import type { Perform } from '../session.ts'
import { examples } from './examples.ts'

export function addDoctor(program: Command, perform: Perform): void {
  program
    .command('doctor')
    .description('look at all that the system needs, and say what is wrong and how to mend it')
    .addHelpText(
      'after',
      `${examples('doctor', 'doctor --json', 'doctor --api http://video.example.com')}

Asks the API. With DATABASE_URL, REDIS_URL and S3_ENDPOINT set, as on the machines of the
system, it also looks at those, at ffmpeg and at scratch from here. Fails if a check fails.`,
    )
    .action(
      perform(z.unknown(), async (session) => {
        // Database, Redis and store are loaded by the one verb that talks to them: half of a start otherwise.
        const { examine } = await import('../doctor/examine.ts')
        return examine(session)
      }),
    )
}
