import { access, constants, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Check, failed, ok } from '../../health/check.ts'
import { bytesText } from '../screen/units.ts'

/** Room for what a worker puts together on disk. The folder is not made: who makes it owns it. */
export async function checkScratch(folder: string, leastBytes: number): Promise<Check> {
  const existing = await nearestExisting(folder)
  const fix = `make room there, or let SCRATCH_DIR name another folder`
  const canWrite = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  )
  if (!canWrite)
    return failed(`Scratch (${folder}) cannot be written to`, 'let SCRATCH_DIR name a folder that can')
  const disk = await statfs(existing)
  const free = disk.bavail * disk.bsize
  if (free < leastBytes) {
    return failed(`Scratch (${folder}) has ${bytesText(free)} free, fewer than ${bytesText(leastBytes)}`, fix)
  }
  return ok(`Scratch (${folder}) has ${bytesText(free)} free`)
}

async function nearestExisting(folder: string): Promise<string> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  )
  return isThere || dirname(folder) === folder ? folder : nearestExisting(dirname(folder))
}
