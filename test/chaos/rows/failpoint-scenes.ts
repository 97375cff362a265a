import type { failpoints } from '../../../src/failpoints.ts'
import { hasEncoder } from '../support/encoders.ts'
import type { Lane } from '../support/lane.ts'
import { until } from '../support/load.ts'
import { failingEncoder, slowEncoder } from '../support/stand-in.ts'

type Place = (typeof failpoints)[number]
/** Brings a process to the place and waits for its death; throws when it does not die there. */
type Scene = (lane: Lane, place: Place) => Promise<void>

/** How a process comes to each place. */
export const scenes: Record<Place, Scene> = {
  submitted: inSubmission,
  announced: atWork,
  read: atWork,
  claimed: atWork,
  encoding: atWork,
  uploading: atWork,
  uploaded: atWork,
  committed: atWork,
  retried: inRetry,
  cancelled: inCancellation,
  draining: inDrain,
  redriven: inRedrive,
  reaped: inReap,
}

/** Every worker passes there with two jobs, now at the first of them and now at the second. */
async function atWork(lane: Lane, place: Place): Promise<void> {
  const armed = await lane.armWorker(place, { nth: lane.random.between(1, 3) })
  await lane.load.submitAll(2)
  await armed.died()
}

async function inSubmission(lane: Lane, place: Place): Promise<void> {
  const armed = await lane.armApi(place)
  const body = JSON.stringify({ source: { key: lane.load.key } })
  const headers = { 'content-type': 'application/json' }
  await fetch(`${armed.baseUrl}/jobs`, { method: 'POST', headers, body }).catch(() => {}) // it dies of it
  await armed.died()
}

async function inRetry(lane: Lane, place: Place): Promise<void> {
  await using failing = await failingEncoder()
  const armed = await lane.armWorker(place, { environment: { FFMPEG_PATH: failing.path } })
  await lane.load.submitAll(1)
  await armed.died()
}

async function inCancellation(lane: Lane, place: Place): Promise<void> {
  const armed = await lane.armApi(place)
  const video = await submitOne(lane)
  video.expected = 'cancelled'
  await fetch(`${armed.baseUrl}/videos/${video.videoId}/cancel`, { method: 'POST' }).catch(() => {}) // it dies of it
  await armed.died()
}

async function inRedrive(lane: Lane, place: Place): Promise<void> {
  const armed = await lane.armApi(place)
  const { videoId } = await submitOne(lane)
  const cancelled = await fetch(`${lane.world.system.baseUrl}/videos/${videoId}/cancel`, { method: 'POST' })
  if (!cancelled.ok) throw new Error(`the cancellation was answered ${cancelled.status}`)
  await fetch(`${armed.baseUrl}/videos/${videoId}/retry`, { method: 'POST' }).catch(() => {}) // it dies of it
  await armed.died()
}

async function inDrain(lane: Lane, place: Place): Promise<void> {
  const armed = await lane.armWorker(place)
  await lane.load.submitAll(3)
  await until(30_000, async () => {
    const running = await lane.world.system.sql`select id from tasks where state = 'running'`
    return running.length > 0 || 'nothing runs'
  })
  armed.app.kill('SIGTERM')
  await armed.died()
}

/** A worker is killed as it encodes; whoever takes its task back dies after it. */
async function inReap(lane: Lane, place: Place): Promise<void> {
  const { system } = lane.world
  await using slow = await slowEncoder(0.01)
  const victim = await system.startWorker('victim', { FFMPEG_PATH: slow.path })
  await lane.load.submitAll(1)
  const scratch = `${system.config.SCRATCH_DIR}/victim-${victim.pid}-`
  await until(30_000, async () => hasEncoder(scratch) || 'nothing is encoded')
  await system.killWorker('victim', 'SIGKILL')
  await (await lane.armWorker(place)).died()
}

async function submitOne({ load }: Lane) {
  await load.submitAll(1)
  const video = load.acknowledged.at(-1)
  if (!video) throw new Error('nothing was submitted')
  return video
}
