import { z } from 'zod'
import { completePlan } from '../jobs/complete-plan.ts'
import { requireEncoder } from '../media/ffmpeg/build.ts'
import { makePlan } from '../media/plan/make-plan.ts'
import { requireProfile } from '../media/plan/profiles.ts'
import { readProgressSeed } from '../progress/seed.ts'
import type { TaskRun, WorkerContext } from './context.ts'
import { fitToTitle } from './fit-to-title.ts'
import { lookAtSource } from './look-at-source.ts'

const inputSchema = z.object({ single_chunk: z.string().optional() })

/** Looks at the source and decides what will be made of it. */
export async function runPlanTask(context: WorkerContext, run: TaskRun): Promise<void> {
  const { task } = run
  // Before the source is read: another worker may be able to.
  const profile = requireProfile(context.profiles, task.options.profile)
  if (profile.video) requireEncoder(context.codecs, profile.video.codec)
  await context.progress.stage(task.videoId, 'queued', 'planning')
  const media = await lookAtSource(context, run)
  const singleChunk = inputSchema.parse(task.input).single_chunk ?? null
  const fixed = makePlan({ media, build: context.build, singleChunk, profile })
  const plan = task.options.per_title ? await fitToTitle(context, run, fixed) : fixed
  await run.hold(() => completePlan(context.sql, task, { media, plan }))
  const rungs = plan.video?.rungs.map((rung) => rung.name)
  run.log.info({ rungs, chunks: plan.video?.chunks.length, audio: plan.audio.length }, 'planned')
  const seed = await readProgressSeed(context.sql, task.videoId)
  if (seed) await context.progress.seed(task.videoId, seed)
}
