import { copyFile, open } from 'node:fs/promises'
import { shortClip } from './fixtures.ts'

/** A film of some seconds in a file as large as wanted: behind it lies a `free` box (ISO/IEC 14496-12, 8.1.2). */
export async function padFilm(path: string, bytes: number): Promise<string> {
  await copyFile(await shortClip(), path)
  const file = await open(path, 'r+')
  const { size } = await file.stat()
  const header = Buffer.alloc(8)
  header.writeUInt32BE(bytes - size)
  header.write('free', 4, 'latin1')
  await file.write(header, 0, 8, size)
  // The rest is a hole of zeros.
  await file.truncate(bytes)
  await file.close()
  return path
}
