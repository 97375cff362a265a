import { mkdir, statfs } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { TransientError } from '../errors.ts'

/** Throws TransientError `out_of_disk` unless scratch, which is made if it is not there, has room to begin a task. */
export async function requireScratch(
  config: Pick<Config, 'SCRATCH_DIR' | 'MIN_FREE_SCRATCH_BYTES'>,
): Promise<void> {
  const { free } = await roomIn(config.SCRATCH_DIR)
  const least = config.MIN_FREE_SCRATCH_BYTES
  if (free >= least) return
  throw new TransientError('out_of_disk', `scratch has ${free} bytes free, fewer than ${least}`)
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
