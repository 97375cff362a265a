import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import type { Storage } from '../../../src/storage.ts'
import { probe } from '../../support/encode-sample.ts'
import type { Finding } from './finding.ts'
import type { NamedVideo } from './named-objects.ts'

const countedSchema = z.object({ streams: z.array(z.object({ nb_read_frames: z.coerce.number() })) })
const countArgs = ['-select_streams', 'v:0', '-count_frames', '-show_entries', 'stream=nb_read_frames']

/** Each rung decodes to the frames its row tells: the init with its segments behind it, and the MP4. */
export async function checkPicture(storage: Storage, video: NamedVideo): Promise<Finding[]> {
  const found: Finding[] = []
  for (const { name, frames, init, segments, mp4 } of video.tracks) {
    if (frames === null || !init) continue
    const films = [
      { film: `the segments of ${name}`, keys: [init.key, ...segments.map((segment) => segment.key)] },
      ...(mp4 ? [{ film: mp4.key, keys: [mp4.key] }] : []),
    ]
    for (const { film, keys } of films) {
      const counted = await countFrames(storage, keys)
      if (counted === frames) continue
      found.push({ video: video.id, fact: 'frames_wrong', detail: `${film}: ${counted} of ${frames} decode` })
    }
  }
  return found
}

/** Null where an object is missing or nothing decodes. */
async function countFrames(storage: Storage, keys: readonly string[]): Promise<number | null> {
  try {
    const parts = await Promise.all(keys.map((key) => buffer(storage.read(key, AbortSignal.timeout(60_000)))))
    return (
      countedSchema.parse(await probe(Buffer.concat(parts), countArgs)).streams[0]?.nb_read_frames ?? null
    )
  } catch {
    return null // the reader of the finding sees a picture of no frames, beside what else is wrong
  }
}
