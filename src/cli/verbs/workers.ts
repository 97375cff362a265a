import type { Command } from 'commander'
import { z } from 'zod'
import { readSystem, type System } from '../client/system.ts'
import type { Line, Piece } from '../screen/paint.ts'
import { table } from '../screen/table.ts'
import { timeOfDay } from '../screen/words.ts'
import { exits, type Perform, type Session } from '../session.ts'
import { examples } from './examples.ts'

type Worker = System['workers'][number]

export function addWorkers(program: Command, perform: Perform): void {
  program
    .command('workers')
    .description('who works, and on what')
    .addHelpText('after', examples('workers', "workers --json | jq '[.workers[].slots] | add'"))
    .action(perform(z.unknown(), showWorkers))
}

async function showWorkers(session: Session): Promise<number> {
  const { output } = session
  const { workers } = await readSystem(session)
  output.document({ workers })
  if (workers.length > 0) output.print(...lines(workers))
  else output.screen.say('no worker was heard of in the last half minute: videos wait until one is started')
  return exits.ok
}

/** A row for each worker, and one for each further task that it has in hand. */
function lines(workers: readonly Worker[]): Line[] {
  const rows = workers.flatMap((worker): Piece[][] => {
    const [first = '', ...others] = worker.tasks.map(
      (task) => `${task.kind} ${task.position} of ${task.title ?? task.video_id}`,
    )
    const busy = `${worker.tasks.length}/${worker.slots}`
    const facts = [worker.id, state(worker), busy, worker.version, timeOfDay(worker.started_at), first]
    return [facts, ...others.map((task) => ['', '', '', '', '', task])]
  })
  const columns = {
    worker: 'left',
    state: 'left',
    slots: 'right',
    ffmpeg: 'left',
    since: 'left',
    task: 'left',
  } as const
  return table(columns, rows)
}

function state({ draining, paused_for }: Worker): Piece {
  if (draining) return { text: 'draining', style: 'yellow' }
  if (paused_for.length > 0) return { text: `waits for ${paused_for.join(', ')}`, style: 'yellow' }
  return { text: 'ready', style: 'green' }
}
