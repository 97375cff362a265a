import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { videoStatuses } from '../../jobs/state.ts'
import type { Video } from '../client/video.ts'
import { listVideos } from '../client/videos.ts'
import type { Line } from '../screen/paint.ts'
import { table } from '../screen/table.ts'
import { statusPiece, timeOfDay } from '../screen/words.ts'
import { exits, type Perform, type Session } from '../session.ts'
import { examples } from './examples.ts'

const optionsSchema = z.object({
  status: z.string().optional(),
  search: z.string().optional(),
  limit: z.int(),
  all: z.boolean().default(false),
  ids: z.boolean().default(false),
})
type ListOptions = z.infer<typeof optionsSchema>

const pageSize = 100

export function addList(program: Command, perform: Perform): void {
  program
    .command('list')
    .alias('ls')
    .description('list videos, the latest first')
    .addOption(new Option('--status <status>', 'only those in this status').choices(videoStatuses))
    .option('--search <text>', 'only those whose title has this text')
    .option('--limit <number>', 'how many', count, 20)
    .option('--all', 'all of them')
    .option('--ids', 'ids alone, one on a line')
    .addHelpText(
      'after',
      examples('list', 'list --status failed --all', 'list --ids --status failed | xargs stepladder retry'),
    )
    .action(perform(optionsSchema, list))
}

async function list(session: Session, _: string[], options: ListOptions): Promise<number> {
  const { output } = session
  const { videos, more } = await readPages(session, options)
  output.document({ videos, more })
  if (options.ids) output.print(...videos.map(({ id }) => id))
  else if (videos.length > 0) output.print(...listing(videos))
  else output.screen.say('no videos')
  if (more && !output.json && !options.ids) output.screen.say('there are more: --all, or --limit')
  return exits.ok
}

/** As many pages as it takes. */
async function readPages(session: Session, { all, limit, status, search }: ListOptions) {
  const filter = { ...(status && { status }), ...(search && { q: search }) }
  const wanted = all ? Number.POSITIVE_INFINITY : limit
  const videos: Video[] = []
  let cursor: string | null = null
  do {
    const size = Math.min(pageSize, wanted - videos.length)
    const query = { ...filter, limit: String(size), ...(cursor !== null && { cursor }) }
    const page = await listVideos(session, query)
    videos.push(...page.videos)
    cursor = page.next_cursor
  } while (cursor !== null && videos.length < wanted)
  return { videos, more: cursor !== null }
}

function listing(videos: readonly Video[]): Line[] {
  const rows = videos.map((video) => [
    video.id,
    statusPiece(video.status),
    timeOfDay(video.created_at),
    video.title ?? '–',
    ...(video.error ? [{ text: video.error.code, style: 'red' } as const] : []),
  ])
  return table({ id: 'left', status: 'left', created: 'left', title: 'left', '': 'left' }, rows)
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 on.')
  return Number(text)
}
