import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { searchLine } from './search.ts'

/** Searches every log in a folder, such as that of the services or of a demo; none where there is no folder. */
export async function searchFiles(folder: string): Promise<void> {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const input = createReadStream(join(folder, name))
    for await (const line of createInterface({ input })) searchLine(join(folder, name), line)
  }
}
