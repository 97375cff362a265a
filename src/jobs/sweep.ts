import { buffer } from 'node:stream/consumers'
import type { Database } from '../db.ts'
import { StepladderError } from '../errors.ts'
import type { Storage } from '../storage.ts'
import { garbageAmong } from './garbage.ts'
import { isRunKey } from './object-keys.ts'

/** Tells whose bucket it is: holds the installation's id. */
const markerKey = 'stepladder/installation'
const pageSize = 1_000

type Bucket = Pick<Storage, 'listPage' | 'remove' | 'read' | 'put'>

/**
 * One page of a walk through the whole bucket that never ends. Folders are looked at when their video ends or
 * goes, but the PUT of a fenced worker may come at any time after, and a folder's line does not live for
 * ever. Only keys that a run of ours or an upload of ours was given are looked at; what people put into the
 * bucket by themselves is theirs. Begins behind the key `place`, '' for the first. Returns where the next
 * page begins. Throws `foreign_bucket`.
 */
export async function sweepBucket(
  sql: Database,
  storage: Bucket,
  place: string,
): Promise<{ place: string; removed: number }> {
  await confirmOwner(sql, storage)
  const page = await storage.listPage(place, pageSize)
  const keys = page.objects.map((object) => object.key)
  const uploads = await sql<{ key: string }[]>`
    select key from uploads where closed_at is not null and key in ${sql(['', ...keys])}`
  const ours = [...keys.filter(isRunKey), ...uploads.map((upload) => upload.key)]
  const garbage = await garbageAmong(sql, ours)
  await storage.remove(garbage)
  return { place: page.more ? (keys.at(-1) ?? '') : '', removed: garbage.length }
}

/**
 * To a database that is empty, or another one, everything in the bucket looks like garbage. So the first
 * that sweeps a bucket leaves its name there, and no other one touches it.
 */
async function confirmOwner(sql: Database, storage: Bucket): Promise<void> {
  const [row] = await sql<{ installation: string }[]>`select installation from maintenance`
  const mine = row?.installation ?? ''
  const signal = AbortSignal.timeout(60_000)
  let owner = await readMarker(storage, signal)
  if (owner === null) {
    await storage.put(markerKey, Buffer.from(mine), { contentType: 'text/plain', signal })
    // Another database may have written in the same moment: the later one counts for both.
    owner = await readMarker(storage, signal)
  }
  if (owner !== mine) {
    throw new StepladderError(
      'foreign_bucket',
      `the bucket belongs to the database ${owner}: it is not swept`,
    )
  }
}

async function readMarker(storage: Bucket, signal: AbortSignal): Promise<string | null> {
  try {
    return (await buffer(storage.read(markerKey, signal))).toString()
  } catch (error) {
    if (error instanceof StepladderError && error.code === 'object_missing') return null
    throw error
  }
}
