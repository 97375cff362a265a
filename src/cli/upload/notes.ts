import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256Of } from '../../media/sha256.ts'

/** A file as it was when its upload began; one that changed since is another. */
export type SourceFile = { path: string; name: string; bytes: number; mtimeMs: number }

const noteSchema = z.object({
  upload_id: z.string(),
  key: z.string(),
  /** The store's own id of the upload in parts. */
  store_upload_id: z.string(),
  part_bytes: z.int().positive(),
  /** Who is at it. */
  pid: z.int().positive(),
})
export type UploadNote = z.infer<typeof noteSchema>

export type Notes = {
  /** Null where there is none, or another process that lives is at it. */
  find(file: SourceFile): Promise<UploadNote | null>
  keep(file: SourceFile, note: Omit<UploadNote, 'pid'>): Promise<void>
  forget(file: SourceFile): Promise<void>
}

/**
 * Notes on uploads in parts that are not over, one JSON file each below `<folder>/stepladder/uploads`, named by API,
 * path, size and time of change. Where none can be written nothing can be resumed, and that is all.
 */
export function createNotes(folder: string, baseUrl: string): Notes {
  const place = join(folder, 'stepladder', 'uploads')
  const nameOf = ({ path, bytes, mtimeMs }: SourceFile) => {
    const identity = JSON.stringify([baseUrl, path, bytes, mtimeMs])
    return join(place, `${sha256Of(Buffer.from(identity)).slice(0, 32)}.json`)
  }
  return {
    async find(file) {
      const text = await readFile(nameOf(file), 'utf8').catch(() => '')
      const note = noteSchema.safeParse(parsed(text))
      return note.success && !isAnother(note.data.pid) ? note.data : null
    },
    async keep(file, note) {
      const name = nameOf(file)
      try {
        await mkdir(place, { recursive: true, mode: 0o700 })
        // Whole or not at all, whenever we are killed.
        await writeFile(`${name}.${process.pid}`, JSON.stringify({ ...note, pid: process.pid }), {
          mode: 0o600,
        })
        await rename(`${name}.${process.pid}`, name)
      } catch {
        // A read-only home: the upload itself does not need it.
      }
    },
    forget: (file) => rm(nameOf(file), { force: true }).catch(() => {}),
  }
}

/** Two that write the same parts would complete the upload under each other. */
function isAnother(pid: number): boolean {
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // cut off or not ours: as if there were none
  }
}
