// Takes away what the promises rest on, one thing at a time, and tells which test notices.
import { parseArgs } from 'node:util'
import { markdownTable } from './bench/table.ts'
import { type Mutant, mutants, type Watch } from './chaos/mutants.ts'
import { apply, copyTree, failing } from './chaos/mutate.ts'

const usage = `Removes one guard of the protocol at a time in a copy of the tree, and runs the tests that must notice.

npm run chaos:mutants -- [--only a,b]

Ends with 1 when a mutant survives, does not apply any more, or a test fails without it.
mutants: ${mutants.map(({ name }) => name).join(', ')}`

const { values } = parseArgs({
  options: { only: { type: 'string' }, help: { type: 'boolean', default: false } },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const only = values.only?.split(',')
const chosen = mutants.filter(({ name }) => !only || only.includes(name))
if (chosen.length !== (only ?? mutants).length) throw new Error(`--only knows ${mutants.map((m) => m.name)}`)

using copy = copyTree()
/** Texts that no longer apply are told before an hour of tests. */
for (const mutant of chosen) apply(mutant, copy.folder)()
await requireSound(chosen.flatMap((mutant) => mutant.watches))
const rows: string[][] = []
for (const mutant of chosen) {
  const caughtBy = await hunt(mutant)
  rows.push([mutant.name, mutant.about, caughtBy ?? 'nobody: it survived'])
  console.error(`${mutant.name}: ${caughtBy ?? 'SURVIVED'}`)
  if (caughtBy === null) process.exitCode = 1
}
console.log(markdownTable(['mutant', 'without', 'caught by'], rows))

/** A test that fails anyway catches nothing. */
async function requireSound(watches: readonly Watch[]): Promise<void> {
  const distinct = new Map(watches.map((watch) => [watch.join(' '), watch]))
  for (const [name, watch] of distinct) {
    const failed = await failing(watch, copy.folder)
    if (failed.length > 0) throw new Error(`without any mutant, ${name} fails: ${failed.join('; ')}`)
    console.error(`sound: ${name}`)
  }
}

/** The tests that notice, or null. */
async function hunt(mutant: Mutant): Promise<string | null> {
  const undo = apply(mutant, copy.folder)
  try {
    for (const watch of mutant.watches) {
      const [first, ...others] = await failing(watch, copy.folder)
      if (first !== undefined) return others.length > 0 ? `${first} (and ${others.length} more)` : first
    }
    return null
  } finally {
    undo()
  }
}
