import { appendFileSync } from 'node:fs'
import { z } from 'zod'
import { createSecretFinder } from './secrets.ts'

/** A line of what `noteSearched` writes. */
export const searchedSchema = z.object({
  logs: z.number(),
  lines: z.number(),
  rows: z.number(),
  found: z.number(),
})

const finder = createSecretFinder()
const logs = new Set<string>()
const counts = { lines: 0, rows: 0, found: 0 }
let found: string[] = []
let during: () => string | undefined = () => undefined

/** Texts that no line may hold, whatever they look like. */
export const knowSecrets = finder.know

/** Who is at work when a line comes, to be named beside it. */
export function tellDuring(name: () => string | undefined): void {
  during = name
}

/** Searches a line as it is written; what is found is kept for `throwIfFound`. */
export function searchLine(log: string, line: string): void {
  logs.add(log)
  counts.lines += 1
  search(log, line)
}

/** The same for a row of a database, as text. */
export function searchRow(table: string, row: string): void {
  counts.rows += 1
  search(table, row)
}

/** Adds a line of JSON to a file: how much was searched in this process so far. */
export function noteSearched(file: string): void {
  const searched: z.infer<typeof searchedSchema> = { logs: logs.size, ...counts }
  appendFileSync(file, `${JSON.stringify(searched)}\n`)
}

/** Throws with what was found since the last call: where, during which test, and the line with the secret cut. */
export function throwIfFound(): void {
  const [first] = found
  if (first === undefined) return
  const more = found.length > 10 ? `\n… and ${found.length - 10} more` : ''
  const lines = found.slice(0, 10).join('\n')
  found = []
  throw new Error(`logs hold secrets:\n${lines}${more}`)
}

function search(where: string, text: string): void {
  const cut = finder.find(text)
  if (cut === null) return
  counts.found += 1
  const test = during()
  found.push(`${where}${test === undefined ? '' : ` (during "${test}")`}: ${cut}`)
}
