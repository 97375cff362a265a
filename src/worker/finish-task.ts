import { posix } from 'node:path'
import { StepladderError } from '../errors.ts'
import { completeFinish, type FinishedTrack } from '../jobs/complete-finish.ts'
import { contentKey, processedPrefix } from '../jobs/object-keys.ts'
import { readDoneTasks } from '../jobs/read-segments.ts'
import { type AssembledTrack, assembleAudio, assembleVideo } from '../media/assemble.ts'
import { bandwidthOf, type ListedTrack, masterPlaylist, trackPlaylist } from '../media/manifests.ts'
import { type Plan, planSchema } from '../media/model.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { sha256Of } from './store-segment.ts'

const playlistType = 'application/vnd.apple.mpegurl'

/**
 * Checks the whole video by its rows and the bucket's listing, writes the manifests beside the
 * segments, and completes it.
 */
export async function runFinishTask(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task, log } = run
  const plan = planSchema.parse(task.plan)
  await context.progress.stage(task.videoId, 'processing', 'finishing')
  const videoTasks = await run.hold(() => readDoneTasks(context.sql, task.videoId, 'video'))
  const audioTasks = await run.hold(() => readDoneTasks(context.sql, task.videoId, 'audio'))
  const video = plan.video ? assembleVideo(plan.video, videoTasks) : []
  const audio = assembleAudio(plan.audio, audioTasks)
  const objects = await checkObjects(context, task.videoId, [...video, ...audio])

  const listedVideo = await Promise.all(video.map((track) => writeTrackPlaylist(context, run, plan, track)))
  const listedAudio = await Promise.all(audio.map((track) => writeTrackPlaylist(context, run, plan, track)))
  const master = masterPlaylist(plan, listedVideo, listedAudio)
  const masterKey = await writePlaylist(context, run, 'master', master)

  const finished = {
    renditions: listedVideo.map(finishedTrack),
    audio: listedAudio.map(finishedTrack),
    outputs: { hls_master_key: masterKey },
    findings: {
      objects,
      frames: video[0]?.frames ?? 0,
      expected_frames: plan.video?.expected_frames ?? null,
    },
  }
  await run.hold(() => completeFinish(context.sql, task, finished))
  await context.progress.ended(task.videoId, { status: 'completed' })
  log.info({ frames: video[0]?.frames, rungs: video.length }, 'video completed')
}

/** Each committed object lies in the bucket with its size. Returns how many there are. */
async function checkObjects(
  context: WorkerContext,
  videoId: string,
  tracks: readonly AssembledTrack[],
): Promise<number> {
  const stored = new Map(
    (await context.storage.list(processedPrefix(videoId))).map(({ key, bytes }) => [key, bytes]),
  )
  const wanted = tracks.flatMap(({ init, segments }) => [init, ...segments])
  for (const { key, bytes } of wanted) {
    if (stored.get(key) !== bytes) {
      throw new StepladderError(
        'object_missing',
        `${key} should have ${bytes} bytes and has ${stored.get(key) ?? 'none'}`,
      )
    }
  }
  return wanted.length
}

type Written = ListedTrack & { track: AssembledTrack; playlistKey: string }

async function writeTrackPlaylist(
  context: WorkerContext,
  run: TaskRun,
  plan: Plan,
  track: AssembledTrack,
): Promise<Written> {
  const folder = posix.dirname(contentKey(run.task, track.name, '', 'm3u8'))
  const playlistKey = await writePlaylist(context, run, track.name, trackPlaylist(track, plan, folder))
  return {
    track,
    playlistKey,
    uri: posix.basename(playlistKey),
    bandwidth: bandwidthOf(track, plan.target_duration_s),
  }
}

async function writePlaylist(
  context: WorkerContext,
  run: TaskRun,
  name: string,
  text: string,
): Promise<string> {
  const bytes = Buffer.from(text)
  const key = contentKey(run.task, name, sha256Of(bytes), 'm3u8')
  await context.storage.put(key, bytes, { contentType: playlistType, signal: run.signal })
  return key
}

function finishedTrack({ track, bandwidth, playlistKey }: Written): FinishedTrack {
  return {
    name: track.name,
    codec: track.init.codec,
    ...bandwidth,
    bytes: track.init.bytes + track.segments.reduce((sum, segment) => sum + segment.bytes, 0),
    frames: track.frames,
    durationS: track.durationS,
    init: track.init,
    segments: track.segments.map(({ key, bytes, sha256, duration }) => ({ key, bytes, sha256, duration })),
    playlistKey,
  }
}
