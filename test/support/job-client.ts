import { submitJob } from '../../src/cli/client/submit.ts'
import type { Video } from '../../src/cli/client/video.ts'
import { getVideo } from '../../src/cli/client/videos.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import type { JobOptions } from '../../src/media/plan/job-options.ts'
import { type ProgressSnapshot, progressSnapshotSchema } from '../../src/progress/snapshot.ts'

type Reached = { baseUrl: string }

/** Uploads a file and makes a job of it. */
export async function submitFile(
  system: Reached,
  path: string,
  title = 'test',
  options: Partial<JobOptions> = {},
): Promise<Video> {
  const key = await uploadFile({ baseUrl: system.baseUrl, path })
  return submitJob(system.baseUrl, { source: { key }, title, ...options })
}

export type WatchedEvent = { event: string; snapshot: ProgressSnapshot }

/**
 * Follows `GET /progress/{id}` to its end, or until `enough` says so, and returns every event. The
 * server ends the stream with the video.
 */
export async function watchJob(
  system: Reached,
  videoId: string,
  enough: (event: WatchedEvent) => boolean = () => false,
): Promise<WatchedEvent[]> {
  const stop = new AbortController()
  const response = await fetch(`${system.baseUrl}/progress/${videoId}`, { signal: stop.signal })
  if (!response.ok || !response.body) throw new Error(`GET /progress/${videoId}: HTTP ${response.status}`)
  const events: WatchedEvent[] = []
  let text = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parseEvent(block)
      if (!event) continue
      events.push(event)
      if (!enough(event)) continue
      stop.abort()
      return events
    }
  }
  return events
}

function parseEvent(block: string): WatchedEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  const data = fields.get('data')
  if (data === undefined) return null
  return { event: fields.get('event') ?? 'message', snapshot: progressSnapshotSchema.parse(JSON.parse(data)) }
}

/** Waits for the end and returns the video as the API then shows it. */
export async function untilEnded(system: Reached, videoId: string): Promise<Video> {
  await watchJob(system, videoId)
  return getVideo(system.baseUrl, videoId)
}
