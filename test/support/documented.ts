import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export type FencedBlock = {
  /** As in `docs/api.md:34`, the line of its first command. */
  at: string
  text: string
  /** Each of its commands goes on for ever: the page says so in a comment before it, `<!-- endless -->`. */
  endless: boolean
}

/** What a page, or its section as in `README.md#Start`, fences in as of that language, in order. */
export function fencedBlocks(pageOrSection: string, language: string): FencedBlock[] {
  const [page = '', section] = pageOrSection.split('#')
  const text = readFileSync(join(root, page), 'utf8')
  const from = section === undefined ? 0 : text.indexOf(`\n## ${section}\n`)
  if (from < 0) throw new Error(`no section "${section}" in ${page}`)
  const end = section === undefined ? -1 : text.indexOf('\n## ', from + 1)
  const fences = new RegExp(`(<!-- endless -->\n)?^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms')
  return [...text.matchAll(fences)]
    .filter(({ index }) => index >= from && (end < 0 || index < end))
    .map(({ 0: whole, 1: mark, 2: commands = '', index }) => {
      const before = text.slice(0, index + whole.indexOf(commands))
      return { at: `${page}:${before.split('\n').length}`, text: commands, endless: mark !== undefined }
    })
}
