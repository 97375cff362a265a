import { StepladderError } from '../errors.ts'
import type { SegmentObjects } from '../media/stored.ts'
import type { WorkerContext } from './context.ts'

export type StoredObject = { key: string; bytes: number }

/** The init and these segments of one track, in order. Throws `segments_missing`. */
export function objectsOf(
  name: string,
  inits: SegmentObjects['inits'],
  segments: readonly { objects: SegmentObjects }[],
): StoredObject[] {
  const all = [inits[name], ...segments.map((segment) => segment.objects.tracks[name])].flatMap((object) =>
    typeof object?.key === 'string' ? [{ key: object.key, bytes: object.bytes }] : [],
  )
  if (all.length !== segments.length + 1)
    throw new StepladderError('segments_missing', `${name} lacks segments`)
  return all
}

/** The bytes of all these objects, one after another. */
export async function* readObjects(
  context: WorkerContext,
  objects: readonly StoredObject[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { key } of objects) {
    // Not `yield*`: what breaks on our reader's side would be thrown into the store's reader, as its outage.
    for await (const piece of context.storage.read(key, signal)) yield piece
  }
}
