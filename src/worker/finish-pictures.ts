import { posix } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { errorClassOf } from '../error-codes.ts'
import { messageOf, StepladderError } from '../errors.ts'
import type { Outputs } from '../jobs/complete-finish.ts'
import { contentKey } from '../jobs/object-keys.ts'
import { posterArgs, sheetArgs } from '../media/argv/picture-args.ts'
import { choosePoster, JUDGED_SIDE } from '../media/manifests/choose-poster.ts'
import {
  assemblePictures,
  layOut,
  type SheetLayout,
  type Storyboard,
  sheetsOf,
  storyboardVtt,
} from '../media/manifests/storyboard.ts'
import type { Plan, VideoPlan } from '../media/model.ts'
import type { AssembledTrack, DoneTask } from '../media/segments/assemble.ts'
import { sha256Of } from '../media/sha256.ts'
import { type PictureContext, type PictureTask, readInOrder, runPictures } from './run-pictures.ts'

/** What `videos.outputs` says of the pictures; nothing of what could not be made. */
type PictureOutputs = Pick<Outputs, 'poster_key' | 'storyboard'>
type Fault = { code: string; message: string }
type Film = { plan: VideoPlan; tasks: readonly DoneTask[]; top: AssembledTrack }

/**
 * Joins the pictures that the chunks took to sheets, with a WebVTT that names the place of each, chooses
 * one of them and makes the poster from the top rung at its time. A film is worth more than its
 * pictures: what cannot be made is left out, with a line in the log and a fault for the findings. Throws
 * only what ends or puts off the task itself: the store or the disk away, the run fenced or stopped.
 */
export async function makePictures(
  context: PictureContext,
  run: PictureTask,
  { plan, video, tasks }: { plan: Plan; video: readonly AssembledTrack[]; tasks: readonly DoneTask[] },
): Promise<{ outputs: PictureOutputs; faults: Fault[] }> {
  const outputs: PictureOutputs = {}
  const faults: Fault[] = []
  const [top] = video
  if (!plan.video?.pictures || !top || top.frames === 0) return { outputs, faults }
  const film = { plan: plan.video, tasks, top }
  try {
    const { storyboard, luma } = await makeStoryboard(context, run, film)
    outputs.storyboard = storyboard
    outputs.poster_key = await makePoster(context, run, film, choosePoster(luma) ?? 0)
  } catch (error) {
    if (endsTask(run, error)) throw error
    const code = error instanceof StepladderError ? error.code : 'internal_error'
    faults.push({ code, message: messageOf(error) })
    run.log.warn({ err: error }, 'the video has not all of its pictures')
  }
  return { outputs, faults }
}

function endsTask(run: PictureTask, error: unknown): boolean {
  if (run.signal.aborted) return true
  if (!(error instanceof StepladderError)) return false
  // A stop that reached ffmpeg too says nothing of the pictures.
  if (run.drain.aborted && error.code === 'ffmpeg_killed') return true
  return errorClassOf(error.code) === 'outage'
}

async function makeStoryboard(
  context: PictureContext,
  run: PictureTask,
  { plan, tasks, top }: Film,
): Promise<{ storyboard: Storyboard; luma: Buffer }> {
  const objects = assemblePictures(plan, tasks, top.frames)
  const layout = layOut(plan, top.frames)
  const { jpegs, bytes: luma } = await runPictures(context, run, {
    args: sheetArgs(layout),
    outputs: 2,
    input: readInOrder(context, objects, run.signal),
  })
  if (jpegs.length !== sheetsOf(layout) || luma.length !== layout.pictures * JUDGED_SIDE ** 2) {
    throw new StepladderError('pictures_disagree', `${jpegs.length} sheets of ${layout.pictures} pictures`)
  }
  const keys = await Promise.all(
    jpegs.map((sheet, index) => store(context, run, { name: `sprite-${index}`, jpeg: sheet })),
  )
  return { storyboard: await storeVtt(context, run, { layout, keys }), luma }
}

/** Beside the sheets, with relative addresses: as in the playlists. */
async function storeVtt(
  context: PictureContext,
  run: PictureTask,
  { layout, keys }: { layout: SheetLayout; keys: string[] },
): Promise<Storyboard> {
  const bytes = Buffer.from(storyboardVtt(layout, (sheet) => posix.basename(keys[sheet] ?? '')))
  const key = contentKey(run.task, 'storyboard', sha256Of(bytes), 'vtt')
  await context.storage.put(key, bytes, { contentType: 'text/vtt', signal: run.signal })
  return { vtt_key: key, sheet_keys: keys, ...layout }
}

/** From the top rung at the time of a picture, where one of its fragments begins. */
async function makePoster(
  context: PictureContext,
  run: PictureTask,
  { plan, top }: Film,
  picture: number,
): Promise<string> {
  const time = picture * (plan.pictures?.every_frames ?? 0) * plan.frame_duration
  const segment = top.segments.find(({ fragments }) => fragments.some(([, , , start]) => start === time))
  const at = segment?.fragments.findIndex(([, , , start]) => start === time) ?? -1
  const [rung] = plan.rungs
  if (!segment || !rung) {
    throw new StepladderError('pictures_disagree', `no fragment of ${top.name} begins at ${time}`)
  }
  const [init, media] = await Promise.all(
    [top.init, segment].map(({ key }) => buffer(context.storage.read(key, run.signal))),
  )
  const gop = media?.subarray(segment.fragments[at]?.[0], segment.fragments[at + 1]?.[0])
  const { jpegs } = await runPictures(context, run, {
    args: posterArgs(rung),
    outputs: 1,
    input: [init, gop].filter((bytes) => bytes !== undefined),
  })
  const [jpeg] = jpegs
  if (!jpeg) throw new StepladderError('bad_picture', 'nothing came of the frame of the poster')
  return store(context, run, { name: 'poster', jpeg })
}

async function store(
  context: PictureContext,
  run: PictureTask,
  { name, jpeg }: { name: string; jpeg: Buffer },
): Promise<string> {
  const key = contentKey(run.task, name, sha256Of(jpeg), 'jpg')
  await context.storage.put(key, jpeg, { contentType: 'image/jpeg', signal: run.signal })
  return key
}
