import { stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { StepladderError } from '../errors.ts'
import { completeTask } from '../jobs/complete-task.ts'
import { streamedKey } from '../jobs/object-keys.ts'
import { readDoneTasks, type TaskSegments } from '../jobs/read-segments.ts'
import { remuxArgs } from '../media/argv/remux-args.ts'
import { runFfmpeg } from '../media/ffmpeg/ffmpeg.ts'
import { requireWholeRun } from '../media/ffmpeg/ffmpeg-failure.ts'
import { planSchema } from '../media/model.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { requireRoom } from './scratch-room.ts'
import { objectsOf, readObjects, type StoredObject } from './stored-track.ts'
import { createTaskProgress } from './task-progress.ts'

const inputSchema = z.object({ rung: z.string() })

/**
 * Joins one rung and the audio tracks into a progressive MP4: segments come from the store through
 * pipes, nothing is decoded. Its index stands in front of the data, which needs a seekable file: one
 * scratch file as large as the rung, gone at once.
 */
export async function runMp4Task(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task } = run
  const { rung } = inputSchema.parse(task.input)
  const plan = planSchema.parse(task.plan)
  const progress = createTaskProgress(context, run, { pack: true, stage: 'packaging' })
  progress.started(0)
  const video = await run.hold(() => readDoneTasks(context.sql, task.videoId, 'video'))
  const audio = (await run.hold(() => readDoneTasks(context.sql, task.videoId, 'audio'))).filter(
    (track) => track.segments.length > 0,
  )
  const cwd = await run.scratch()
  const path = join(cwd, 'joined.mp4')
  const tracks = [
    wholeTrack(video, rung),
    ...audio.map((track) => wholeTrack([track], `audio-${track.position}`)),
  ]
  // What ends at a full disk has cost all the reading before.
  const bytes = joinedBytes(tracks.flat())
  await requireRoom(cwd, bytes)
  const inputs = tracks.map((objects) => Readable.from(readObjects(context, objects, run.signal)))
  const ffmpeg = runFfmpeg({
    path: context.config.FFMPEG_PATH,
    args: remuxArgs({
      video: true,
      audio: audio.map(({ position }) => ({
        language: plan.audio[position]?.language ?? null,
        default: plan.audio[position]?.default ?? false,
      })),
      output: path,
    }),
    outputs: 0,
    inputs,
    cwd,
    // Twice of what was reckoned: it ends a program gone wild, before the disk is full.
    maxFileBytes: 2 * bytes,
    onStart: run.mark,
    signal: run.signal,
    stallMs: context.config.STALL_MS,
    onData: () => {},
  })
  const result = await ffmpeg.done
  requireWholeRun(result)
  checkFrames(video, result.frames)
  const key = streamedKey(task, rung, 'mp4')
  const { size } = await stat(path)
  await context.storage.putFile(key, path, { contentType: 'video/mp4', signal: run.signal })
  await unlink(path)
  const end = { lastSegment: null, result: { bytes: size }, mp4: { rung, key, bytes: size } }
  await run.hold(() => completeTask(context.sql, task, end))
  await progress.done(0)
}

/** The whole of one track; its init belongs to its first segment. */
function wholeTrack(tasks: TaskSegments[], name: string): StoredObject[] {
  const segments = tasks.flatMap((task) => task.segments)
  return objectsOf(name, segments[0]?.objects.inits ?? {}, segments)
}

/** The samples as they are; the index of the whole is smaller than those of the fragments, but for a tail. */
function joinedBytes(objects: readonly StoredObject[]): number {
  return objects.reduce((sum, { bytes }) => sum + bytes, 2 ** 20)
}

/** ffmpeg counts the packets it copied: one a frame. */
function checkFrames(video: TaskSegments[], copied: number): void {
  const frames = video.flatMap((task) => task.segments).reduce((sum, segment) => sum + segment.frames, 0)
  if (copied !== frames) {
    throw new StepladderError(
      'mp4_incomplete',
      `the MP4 has ${copied} frames where the segments have ${frames}`,
    )
  }
}
