import { completeFinish } from '../jobs/complete-finish.ts'
import { readDoneTasks } from '../jobs/read-segments.ts'
import { failed } from '../media/checks/findings.ts'
import { damagesIn } from '../media/checks/verify-source.ts'
import { type Plan, planSchema } from '../media/model.ts'
import { assembleAudio, assembleSubtitles, assembleVideo } from '../media/segments/assemble.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { writeManifests } from './finish-manifests.ts'
import { makePictures } from './finish-pictures.ts'
import { readQuality } from './finish-quality.ts'
import { verifyVideo } from './finish-verify.ts'

/**
 * Checks the whole video, writes the manifests beside the segments, makes poster and storyboard, and
 * completes it.
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
  const made = { plan, videoTasks, audioTasks, video, audio, subtitles }
  const findings = await verifyVideo(context, run, made)

  const manifests = await writeManifests(context, run, { plan, video, audio, subtitles })
  const pictures = await makePictures(context, run, { plan, video, tasks: videoTasks })
  const finished = {
    ...manifests,
    outputs: { ...manifests.outputs, ...pictures.outputs },
    ...(task.options.quality && { quality: await readQuality(context, run, plan) }),
    findings: [
      ...findings,
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
