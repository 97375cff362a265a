import { z } from 'zod'
import type { Database } from '../db.ts'
import { type Storyboard, storyboardSchema } from '../media/manifests/storyboard.ts'

const outputsSchema = z.object({ poster_key: z.string().optional(), storyboard: storyboardSchema.optional() })

/** What a completed video has of pictures; null when there is no such video. */
export async function readPictures(
  sql: Database,
  videoId: string,
  owner: string,
): Promise<{ posterKey: string | null; storyboard: Storyboard | null } | null> {
  const [row] = await sql<{ outputs: unknown }[]>`
    select outputs from videos where id = ${videoId} and owner = ${owner}`
  if (!row) return null
  const { poster_key, storyboard } = outputsSchema.parse(row.outputs ?? {})
  return { posterKey: poster_key ?? null, storyboard: storyboard ?? null }
}
