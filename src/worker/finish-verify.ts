import { buffer } from 'node:stream/consumers'
import { processedPrefix } from '../jobs/object-keys.ts'
import { storeFindings } from '../jobs/store-findings.ts'
import { type Finding, requirePassed } from '../media/checks/findings.ts'
import { type ReadBack, readBack } from '../media/checks/read-back.ts'
import {
  checkPicture,
  checkSegments,
  checkSoundInit,
  piecesOf,
  type StoredBytes,
} from '../media/checks/verify-bytes.ts'
import {
  checkChunks,
  checkCuts,
  checkFrames,
  checkObjects,
  checkRunInits,
  checkSoundTimes,
  checkTimes,
  type VerifiedTask,
} from '../media/checks/verify-rows.ts'
import { checkSource } from '../media/checks/verify-source.ts'
import type { Plan } from '../media/model.ts'
import type { AssembledSubtitle, AssembledTrack } from '../media/segments/assemble.ts'
import type { TaskRun, WorkerContext } from './context.ts'

export type Made = {
  plan: Plan
  /** The done video and audio tasks. */
  videoTasks: readonly VerifiedTask[]
  audioTasks: readonly VerifiedTask[]
  video: readonly AssembledTrack[]
  audio: readonly AssembledTrack[]
  subtitles: readonly AssembledSubtitle[]
}

/**
 * Checks a finished video: by its rows, by one listing of the bucket, and by what the store gives back of
 * each track, its init, its first and its last segment, the ends of which are decoded. So it takes seconds
 * for a film of any length. Each step is made only where the one before found nothing. Throws the error of
 * the first check that fails the video, with all that was found stored.
 */
export async function verifyVideo(context: WorkerContext, run: TaskRun, made: Made): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const step of [checkRows, checkBucket, checkTracks]) {
    findings.push(...(await step(made, context, run)))
    if (findings.every(({ passed, code }) => passed || code === null)) continue
    await run.hold(() => storeFindings(context.sql, run.task, findings))
    requirePassed(findings)
  }
  return findings
}

async function checkRows({ plan, videoTasks, audioTasks, video, audio }: Made): Promise<Finding[]> {
  const results = [...videoTasks, ...audioTasks].map(({ result }) => result)
  const pictures = plan.video
  return [
    checkSource({ plan, results, frames: video[0]?.frames ?? 0 }),
    ...(pictures
      ? [
          checkChunks(pictures, videoTasks),
          checkFrames(pictures, videoTasks, video),
          checkCuts(pictures, videoTasks, video),
          ...video.map((track) => checkTimes(pictures, track)),
          ...video.map((track) => checkRunInits(track, videoTasks)),
        ]
      : []),
    ...audio.map((track) => checkSoundTimes(track, soundPlan(plan, track)?.duration_s ?? null)),
  ]
}

async function checkBucket(made: Made, context: WorkerContext, run: TaskRun): Promise<Finding[]> {
  const objects = await context.storage.list(processedPrefix(run.task.videoId))
  const tracks = [...made.video, ...made.audio].flatMap(({ init, segments }) => [init, ...segments])
  const texts = made.subtitles.map(({ segment }) => segment)
  return [checkObjects([...tracks, ...texts], new Map(objects.map(({ key, bytes }) => [key, bytes])))]
}

/** One after another in as many lanes as cores stand idle: most of the time goes into decoding both ends. */
async function checkTracks(
  { plan, video, audio }: Made,
  context: WorkerContext,
  run: TaskRun,
): Promise<Finding[]> {
  const tracks = [...video, ...audio]
  const found: Finding[][] = tracks.map(() => [])
  const queue = tracks.entries()
  const lane = async () => {
    for (const [at, track] of queue) found[at] = await checkTrack(context, run, { plan, track })
  }
  const lanes = await Promise.allSettled(Array.from({ length: run.threads(1) }, lane))
  const broken = lanes.find((ended) => ended.status === 'rejected')
  if (broken) throw broken.reason
  return found.flat()
}

async function checkTrack(
  context: WorkerContext,
  run: TaskRun,
  { plan, track }: { plan: Plan; track: AssembledTrack },
): Promise<Finding[]> {
  const stored = await readEnds(context, run, track)
  const read = { track, stored, decoded: await decode(context, run, stored) }
  const rung = plan.video?.rungs.find(({ name }) => name === track.name)
  const sound = soundPlan(plan, track)
  return [
    ...(plan.video && rung ? [checkPicture(plan.video, rung, read)] : []),
    ...(sound ? [checkSoundInit(sound, read)] : []),
    checkSegments(track, stored, read.decoded),
  ]
}

const soundPlan = (plan: Plan, { name }: AssembledTrack) =>
  plan.audio.find(({ position }) => name === `audio-${position}`)

async function readEnds(
  { storage }: WorkerContext,
  run: TaskRun,
  { init, segments }: AssembledTrack,
): Promise<StoredBytes> {
  const read = (key: string): Promise<Buffer> => buffer(storage.read(key, run.signal))
  const ends = [...new Set([segments[0], segments.at(-1)])].filter((segment) => segment !== undefined)
  const [initBytes, ...bytes] = await Promise.all([init.key, ...ends.map(({ key }) => key)].map(read))
  return {
    init: initBytes ?? Buffer.alloc(0),
    segments: ends.map((row, index) => ({ row, bytes: bytes[index] ?? Buffer.alloc(0) })),
  }
}

async function decode({ config }: WorkerContext, run: TaskRun, stored: StoredBytes): Promise<ReadBack> {
  return readBack({
    ffprobePath: config.FFPROBE_PATH,
    bytes: piecesOf(stored).bytes,
    cwd: await run.scratch(),
    onStart: run.mark,
    signal: run.signal,
  })
}
