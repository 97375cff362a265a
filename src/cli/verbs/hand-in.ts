import { z } from 'zod'
import { priorities } from '../../jobs/state.ts'
import { followProgress } from '../client/follow.ts'
import { type JobRequest, submitJob } from '../client/submit.ts'
import type { Video } from '../client/video.ts'
import { getVideo } from '../client/videos.ts'
import { progressBlock, transferBlock } from '../screen/blocks.ts'
import type { Line } from '../screen/paint.ts'
import { bytesText } from '../screen/units.ts'
import { statusPiece } from '../screen/words.ts'
import type { Session } from '../session.ts'
import type { Source } from '../source.ts'
import { createMeter } from '../upload/meter.ts'
import type { Notes, SourceFile } from '../upload/notes.ts'
import type { createSlots } from '../upload/slots.ts'
import { describeFile, oneLine, transferFile } from '../upload/transfer.ts'

export const uploadOptionsSchema = z.object({
  watch: z.boolean().default(false),
  title: z.string().optional(),
  profile: z.string().optional(),
  perTitle: z.boolean().optional(),
  quality: z.boolean().optional(),
  allowPartial: z.boolean().optional(),
  priority: z.enum(priorities).optional(),
  metadata: z.record(z.string(), z.string()),
})
export type UploadOptions = z.infer<typeof uploadOptionsSchema>

type Tools = {
  session: Session
  options: UploadOptions
  notes: Notes
  inSlot: ReturnType<typeof createSlots>
}

/** Uploads one source where it is a file, makes a job of it and, with `watch`, follows it to its end. */
export async function handIn(tools: Tools, source: Source): Promise<{ video: Video; line: Line }> {
  const { session, options, inSlot } = tools
  const file = source.kind === 'file' ? await describeFile(source.path) : null
  const name = file?.name ?? (source.kind === 'url' ? source.url : '')
  const video = await inSlot(() => (file ? submitFile(tools, file) : submitUrl(tools, source)))
  if (!options.watch) return { video, line: `${video.id}  ${name}` }
  const ended = await follow(session, video.id, name)
  return { video: ended, line: [video.id, '  ', statusPiece(ended.status), `  ${name}`] }
}

async function submitUrl({ session, options }: Tools, source: Source): Promise<Video> {
  const url = source.kind === 'url' ? source.url : ''
  return submitJob(session, { ...jobOptions(options), source: { url } }, { signal: session.signal })
}

async function submitFile({ session, options, notes }: Tools, file: SourceFile): Promise<Video> {
  const { output, signal } = session
  const { screen } = output
  const meter = createMeter(file.bytes, (transfer) =>
    screen.show(file.path, transferBlock(file.name, transfer)),
  )
  const { id, key } = await transferFile({
    reach: session,
    file,
    notes,
    onBytes: meter.add,
    onResume: (bytes) => {
      screen.say(`${file.name}: ${bytesText(bytes)} of ${bytesText(file.bytes)} are there already`)
      meter.resume(bytes)
    },
  })
  const title = oneLine(options.title ?? file.name, 300)
  const job: JobRequest = { ...jobOptions(options), title, source: { key } }
  // Under the upload's own id: whoever goes on after an answer was lost makes no second video of it.
  const video = await submitJob(session, job, { idempotencyKey: id, signal })
  await notes.forget(file)
  return video
}

function jobOptions(options: UploadOptions): Omit<JobRequest, 'source'> {
  const { title, profile, priority, perTitle, quality, allowPartial, metadata } = options
  return {
    metadata,
    ...(title !== undefined && { title }),
    ...(profile !== undefined && { profile }),
    ...(priority !== undefined && { priority }),
    ...(perTitle !== undefined && { per_title: perTitle }),
    ...(quality !== undefined && { quality }),
    ...(allowPartial !== undefined && { allow_partial: allowPartial }),
  }
}

async function follow(session: Session, videoId: string, name: string): Promise<Video> {
  const { baseUrl, key, signal, output } = session
  const onTrouble = (message: string) => output.screen.say(`${message}; connecting again`)
  for await (const change of followProgress({ baseUrl, key, videoIds: [videoId], signal, onTrouble })) {
    output.screen.show(videoId, progressBlock(name, change))
  }
  return getVideo(session, videoId, signal)
}
