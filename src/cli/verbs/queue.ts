import type { Command } from 'commander'
import { z } from 'zod'
import { readSystem } from '../client/system.ts'
import { table } from '../screen/table.ts'
import { timeOfDay } from '../screen/words.ts'
import { exits, type Perform, type Session } from '../session.ts'
import { examples } from './examples.ts'

export function addQueue(program: Command, perform: Perform): void {
  program
    .command('queue')
    .description('what waits and runs, by priority, and what failed within a day')
    .addHelpText('after', examples('queue', "queue --json | jq '.queue[].tasks_waiting'"))
    .action(perform(z.unknown(), showQueue))
}

async function showQueue(session: Session): Promise<number> {
  const { output } = session
  const { queue, failures } = await readSystem(session)
  output.document({ queue, failures })
  const rows = queue.map((one) => [
    one.priority,
    String(one.videos_queued),
    String(one.tasks_waiting),
    String(one.tasks_running),
    timeOfDay(one.oldest_queued_at),
  ])
  const columns = {
    priority: 'left',
    'videos queued': 'right',
    'tasks waiting': 'right',
    running: 'right',
    'oldest since': 'left',
  } as const
  output.print(...table(columns, rows))
  if (failures.length === 0) return exits.ok
  const failed = failures.map(({ code, videos, latest_at }) => [code, String(videos), timeOfDay(latest_at)])
  output.print('', ...table({ 'failed within a day': 'left', videos: 'right', latest: 'left' }, failed))
  return exits.ok
}
