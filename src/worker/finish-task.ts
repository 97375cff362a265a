import { StepladderError } from '../errors.ts'
import { completeFinish } from '../jobs/complete-finish.ts'
import { processedPrefix } from '../jobs/object-keys.ts'
import { readDoneTasks } from '../jobs/read-segments.ts'
import { assembleAudio, assembleSubtitles, assembleVideo } from '../media/assemble.ts'
import { failed, passed } from '../media/findings.ts'
import { type Plan, planSchema } from '../media/model.ts'
import { checkSource, damagesIn } from '../media/verify-source.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { writeManifests } from './finish-manifests.ts'
import { makePictures } from './finish-pictures.ts'
import { readQuality } from './finish-quality.ts'

/**
 * Checks the whole video by its rows and the bucket's listing, writes the manifests beside the
 * segments, makes poster and storyboard, and completes it.
 */
export async function runFinishTask(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task, log } = run
  const plan = planSchema.parse(task.plan)
  await context.progress.stage(task.videoId, 'processing', 'finishing')
  const videoTasks = await run.hold(() => readDoneTasks(context.sql, task.videoId, 'video'))
  const audioTasks = await run.hold(() => readDoneTasks(context.sql, task.videoId, 'audio'))
  const results = [...videoTasks, ...audioTasks].map(({ result }) => result)
  const video = plan.video ? assembleVideo(plan.video, videoTasks) : []
  const audio = assembleAudio(plan.audio, audioTasks)
  const subtitles = await readSubtitles(context, run, plan)
  const tracks = [...video, ...audio].flatMap(({ init, segments }) => [init, ...segments])
  const objects = await checkObjects(context, task.videoId, [
    ...tracks,
    ...subtitles.map(({ segment }) => segment),
  ])

  const manifests = await writeManifests(context, run, { plan, video, audio, subtitles })
  const pictures = await makePictures(context, run, { plan, video, tasks: videoTasks })
  const finished = {
    ...manifests,
    outputs: { ...manifests.outputs, ...pictures.outputs },
    ...(task.options.quality && { quality: await readQuality(context, run, plan) }),
    findings: [
      checkSource({ plan, results, frames: video[0]?.frames ?? 0 }),
      passed('objects', `${objects} objects in the bucket`),
      ...pictures.faults.map(({ code, message }) => failed('pictures', null, `${code}: ${message}`)),
    ],
    damage: damagesIn(results)[0] ?? null,
  }
  await run.hold(() => completeFinish(context.sql, task, finished))
  await context.progress.ended(task.videoId, { status: 'completed' })
  log.info({ frames: video[0]?.frames, rungs: video.length }, 'video completed')
}

async function readSubtitles(context: WorkerContext, run: TaskRun, { subtitles }: Plan) {
  if (subtitles.length === 0) return []
  const tasks = await run.hold(() => readDoneTasks(context.sql, run.task.videoId, 'subtitle'))
  return assembleSubtitles(subtitles, tasks)
}

/** Each committed object lies in the bucket with its size. Returns how many there are. */
async function checkObjects(
  context: WorkerContext,
  videoId: string,
  wanted: readonly { key: string; bytes: number }[],
): Promise<number> {
  const stored = new Map(
    (await context.storage.list(processedPrefix(videoId))).map(({ key, bytes }) => [key, bytes]),
  )
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
