import { mkdir, statfs } from 'node:fs/promises'
import { TransientError } from '../errors.ts'

/** Whether the disk of a folder, which is made if it is not there, has so many bytes free for us. */
export async function scratchHasRoom(folder: string, bytes: number): Promise<boolean> {
  return (await roomIn(folder)).free >= bytes
}

/**
 * Throws TransientError before a file is begun that cannot be ended: `out_of_disk`, which waits for
 * others to make room and spends no attempt, or `scratch_too_small` where none of that would help.
 */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { free, total } = await roomIn(folder)
  if (free >= bytes) return
  const sentence = `a file of ${bytes} bytes does not fit into scratch`
  if (total < bytes) throw new TransientError('scratch_too_small', `${sentence}, which has ${total} in all`)
  throw new TransientError('out_of_disk', `${sentence}, which has ${free} free`)
}

async function roomIn(folder: string): Promise<{ free: number; total: number }> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const disk = await statfs(folder)
    // A disk may have bytes and no inodes; file systems that have no table of them say 0 of 0.
    const hasInodes = disk.files === 0 || disk.ffree > 0
    return { free: hasInodes ? disk.bavail * disk.bsize : 0, total: disk.blocks * disk.bsize }
  } catch (error) {
    throw asScratchError(error)
  }
}

/** A full disk is told in our words; anything else stays as it is. */
export function asScratchError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new TransientError('out_of_disk', "the worker's scratch is full", { cause: error })
}
