import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { StepladderError } from '../errors.ts'
import { runFfmpeg } from '../media/ffmpeg/ffmpeg.ts'
import { requireWholeRun } from '../media/ffmpeg/ffmpeg-failure.ts'
import { createJpegReader } from '../media/segments/jpeg-reader.ts'
import type { TaskRun, WorkerContext } from './context.ts'

/** Several times what a sheet of 1600×900, or a poster of 1920×1920, takes. */
const maxJpegBytes = 16 * 2 ** 20
/** Objects that are asked for at once. */
const ahead = 8

/** What of the worker and of its run is used here. */
export type PictureContext = {
  config: Pick<WorkerContext['config'], 'FFMPEG_PATH' | 'STALL_MS'>
  storage: Pick<WorkerContext['storage'], 'read' | 'put'>
}
export type PictureTask = Pick<TaskRun, 'task' | 'log' | 'signal' | 'drain' | 'scratch' | 'mark'>

type PictureRun = { args: string[]; outputs: number; input: Iterable<Buffer> | AsyncIterable<Buffer> }

/**
 * One short run of ffmpeg fed with bytes: the JPEGs of its first output, and the bytes of a second. Throws
 * as `runFfmpeg` and `requireWholeRun` do, what `input` throws, and `bad_picture`.
 */
export async function runPictures(
  context: PictureContext,
  run: PictureTask,
  { args, outputs, input }: PictureRun,
): Promise<{ jpegs: Buffer[]; bytes: Buffer }> {
  const jpegs: Buffer[] = []
  const others: Buffer[] = []
  const reader = createJpegReader({ onPicture: (jpeg) => jpegs.push(jpeg), maxBytes: maxJpegBytes })
  const ffmpeg = runFfmpeg({
    path: context.config.FFMPEG_PATH,
    args,
    outputs,
    inputs: [Readable.from(input)],
    cwd: await run.scratch(),
    onStart: run.mark,
    signal: run.signal,
    stallMs: context.config.STALL_MS,
    onData: (index, bytes) => {
      if (index === 0) reader.push(bytes)
      else others.push(bytes)
    },
  })
  // What it was fed is ours: no fault of the source.
  const damage = requireWholeRun(await ffmpeg.done, { allowPartial: true })
  if (damage) throw new StepladderError('bad_picture', 'not all of the pictures could be decoded')
  reader.end()
  return { jpegs, bytes: Buffer.concat(others) }
}

type StoredObject = { key: string; bytes: number }

/** The bytes of small objects in order, several asked for at once. Throws `object_missing` for another size. */
export async function* readInOrder(
  context: PictureContext,
  objects: readonly StoredObject[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const asked: Promise<Buffer>[] = []
  const ask = (object: StoredObject) => {
    const bytes = buffer(context.storage.read(object.key, signal))
    // It is waited for in its turn, or not at all when an earlier one failed.
    bytes.catch(() => {})
    asked.push(bytes)
  }
  for (const object of objects.slice(0, ahead)) ask(object)
  for (const [index, { key, bytes }] of objects.entries()) {
    const read = await asked.shift()
    if (read?.length !== bytes) {
      throw new StepladderError('object_missing', `${key} should have ${bytes} bytes and has ${read?.length}`)
    }
    const next = objects[index + ahead]
    if (next) ask(next)
    yield read
  }
}
