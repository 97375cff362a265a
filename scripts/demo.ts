// One video through all of Stepladder on this machine. Called by scripts/demo.sh; see scripts/demo/usage.txt.
import { basename } from 'node:path'
import { followProgress } from '../src/cli/client/follow.ts'
import { submitJob } from '../src/cli/client/submit.ts'
import type { Video } from '../src/cli/client/video.ts'
import { type Api, getVideo } from '../src/cli/client/videos.ts'
import { listenForInterruption } from '../src/cli/interruption.ts'
import { progressBlock } from '../src/cli/screen/blocks.ts'
import { resolutionTable } from '../src/cli/screen/drawing.ts'
import { paint } from '../src/cli/screen/paint.ts'
import { createScreen } from '../src/cli/screen/screen.ts'
import { timeText } from '../src/cli/screen/units.ts'
import { uploadFile } from '../src/cli/upload/upload-file.ts'
import { StepladderError } from '../src/errors.ts'
import { demoClip } from './clips/clip.ts'
import { type DemoRequest, readArguments } from './demo/arguments.ts'
import { startLocalSystem } from './demo/local-system.ts'

const howToGetIn =
  'set STEPLADDER_KEY to one with the scopes submit and read (`stepladder keys create` makes it)'

const screen = createScreen({ out: process.stderr, colours: false })
const stop = listenForInterruption()
/** Ends what still runs here once nobody waits for it any more. */
const leaving = new AbortController()
stop.signal.addEventListener('abort', () => leaving.abort())

try {
  process.exitCode = await run(readArguments(process.argv.slice(2)))
} catch (error) {
  process.exitCode = explain(error)
} finally {
  leaving.abort()
}

/** Returns the exit code. */
async function run(request: DemoRequest): Promise<number> {
  // Before the services, whose CPU it would otherwise share.
  const clip = request.source.kind === 'generated' ? await madeClip() : ''
  screen.say('starting PostgreSQL, Redis, MinIO, the API, two workers and the courier …')
  await using system = await startLocalSystem(screen.say)
  const { baseUrl, broken } = system
  screen.say(`the API listens on ${baseUrl}`)

  const converted = convert(baseUrl, request.source, clip).catch((error: unknown) => {
    if (request.once || !isLockedOut(error)) throw error
    return 'locked out' as const
  })
  const done = await Promise.race([converted, broken, stop.requested])
  screen.settle()
  if (done === 'stop') return sayStopping(130)
  if (done === 'locked out') {
    // Somebody made a key, and goes on with what runs here.
    screen.say(`this system has keys: ${howToGetIn}`)
  } else {
    report(done, baseUrl)
    if (request.once) {
      console.log(JSON.stringify(done))
      return done.status === 'completed' ? 0 : 1
    }
  }
  screen.say('stays up until Ctrl-C')
  await Promise.race([broken, stop.requested])
  return sayStopping(0)
}

/** Submits the source and follows it to its end. */
async function convert(baseUrl: string, source: DemoRequest['source'], clip: string): Promise<Video> {
  // Where somebody made keys for it, the demo needs one as everybody does.
  const api = { baseUrl, key: process.env.STEPLADDER_KEY || undefined }
  const video = await submit(api, source, clip)
  screen.say(`video ${video.id}: ${pageUrl(video, baseUrl)}`)
  const onTrouble = (message: string) => screen.say(`progress: ${message}; connecting again`)
  const options = { ...api, videoIds: [video.id], signal: leaving.signal, onTrouble }
  const title = video.title ?? video.id
  for await (const change of followProgress(options)) screen.show(video.id, progressBlock(title, change))
  return getVideo(api, video.id)
}

function isLockedOut(error: unknown): boolean {
  return error instanceof StepladderError && ['unauthenticated', 'scope_missing'].includes(error.code)
}

/** Says what went wrong to whoever typed the command; returns the exit code. */
function explain(error: unknown): number {
  // Ctrl-C reaches a running ffmpeg too, and what then fails is of no interest.
  if (stop.signal.aborted) return 130
  if (!(error instanceof StepladderError)) throw error
  console.error(`demo: ${error.message}`)
  if (isLockedOut(error)) console.error(`demo: ${howToGetIn}`)
  if (error.code !== 'usage') return 1
  console.error('demo: ./scripts/demo.sh --help says more')
  return 2
}

function sayStopping(exitCode: number): number {
  screen.say('stopping …')
  return exitCode
}

async function madeClip(): Promise<string> {
  const saySoon = setTimeout(() => screen.say('making a test clip of 60 s in 1080p (once) …'), 200)
  const path = await demoClip(leaving.signal)
  clearTimeout(saySoon)
  return path
}

async function submit(
  api: Exclude<Api, string>,
  source: DemoRequest['source'],
  clip: string,
): Promise<Video> {
  if (source.kind === 'url') return submitJob(api, { source: { url: source.url } })
  const path = source.kind === 'file' ? source.path : clip
  screen.say(`uploading ${basename(path)}`)
  const key = await uploadFile({ ...api, path, signal: leaving.signal })
  return submitJob(api, { source: { key }, title: basename(path) })
}

function report(video: Video, baseUrl: string): void {
  const seconds = (Date.parse(video.completed_at ?? '') - Date.parse(video.created_at)) / 1000
  if (video.status === 'completed') {
    console.log(`\ncompleted in ${timeText(seconds)}\n`)
    for (const line of resolutionTable(video)) console.log(paint(line, false))
  } else {
    console.log(`\n${video.status}${video.error ? `: ${video.error.message} (${video.error.code})` : ''}`)
  }
  console.log(`\npage: ${pageUrl(video, baseUrl)}`)
}

function pageUrl(video: Video, baseUrl: string): string {
  return new URL(video.links.page ?? `/#/videos/${video.id}`, baseUrl).href
}
