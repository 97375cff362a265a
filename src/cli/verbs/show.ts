import type { Command } from 'commander'
import { z } from 'zod'
import type { VideoDetail } from '../client/video.ts'
import { getVideoDetail } from '../client/videos.ts'
import { resolutionTable } from '../screen/drawing.ts'
import { mediaLine } from '../screen/media-line.ts'
import type { Line } from '../screen/paint.ts'
import { timeText } from '../screen/units.ts'
import { statusPiece, timeOfDay } from '../screen/words.ts'
import { exits, type Perform, type Session } from '../session.ts'
import { examples } from './examples.ts'
import { planLines } from './plan-lines.ts'

export function addShow(program: Command, perform: Perform): void {
  program
    .command('show')
    .description('all about one video')
    .argument('<id>', 'its id')
    .addHelpText(
      'after',
      examples(
        'show 0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e',
        'show --json 0198c2a4-7f3e-7c21-9d0b-3f5a6b7c8d9e',
      ),
    )
    .action(perform(z.unknown(), show))
}

async function show(session: Session, [id = '']: string[]): Promise<number> {
  const video = await getVideoDetail(session, id)
  session.output.document(video)
  session.output.print(...lines(video, session.baseUrl))
  return exits.ok
}

function lines(video: VideoDetail, baseUrl: string): Line[] {
  const { source, timings, plan, error } = video
  const facts: [string, Line][] = [
    ['id', video.id],
    ['status', statusPiece(video.status)],
    ['priority', video.priority],
    ['source', source.url ?? source.key ?? '–'],
    ['media', video.media ? mediaLine(video.media) : '–'],
    ['created', timeOfDay(video.created_at)],
    ['took', `${timeText(timings.total_s)}, of which it waited ${timeText(timings.queued_s)}`],
    ['page', new URL(video.links.page ?? `/#/videos/${video.id}`, baseUrl).href],
  ]
  if (error) facts.push(['error', `${error.message} (${error.code})`])
  if (video.queue_position !== null) facts.push(['queue', `${video.queue_position - 1} before it`])
  return [
    { text: video.title ?? 'without a title', style: 'bold' },
    ...facts.map(([name, value]): Line => [{ text: name.padEnd(10), style: 'dim' }, ...[value].flat()]),
    ...(video.resolutions.length > 0 ? ['', ...resolutionTable(video)] : []),
    ...(plan ? ['', ...planLines(plan)] : []),
  ]
}
