import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

/** Where generated media is kept; not in git. */
export const fixtureFolder = join(import.meta.dirname, '../../.local/fixtures')

type Recipe = {
  name: string
  /** As in `mp4`; ffmpeg picks the container by it. */
  extension: string
  args: readonly string[]
}

/**
 * A media file that ffmpeg makes from `args` (everything before the output), made once: the name
 * holds a hash of the recipe. Any number of processes may ask at the same time. Returns its path.
 */
export async function makeMedia(recipe: Recipe, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12)
  const path = join(fixtureFolder, `${recipe.name}-${hash}.${recipe.extension}`)
  if (existsSync(path)) return path
  mkdirSync(fixtureFolder, { recursive: true })
  const unfinished = join(fixtureFolder, `.${randomBytes(4).toString('hex')}.${recipe.extension}`)
  try {
    await execa('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...recipe.args, unfinished], {
      ...(signal && { cancelSignal: signal }),
    })
    renameSync(unfinished, path)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return path
}
