import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../src/errors.ts'
import { type Amount, type Row, serverRows, workerRows } from '../test/chaos/rows/all.ts'
import { createWorld, type Size, type World } from '../test/chaos/support/world.ts'
import { failure, holds, type Outcome, outcomeOf, outcomeSchema } from './chaos/outcome.ts'
import { tableOf } from './chaos/table.ts'

const rows = [...workerRows, ...serverRows]
const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '1000' },
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    rows: { type: 'string' },
    size: { type: 'string', default: 'full' },
    resume: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(readFileSync(join(import.meta.dirname, 'chaos/usage.txt'), 'utf8'))
  console.log(`rows: ${rows.map(({ name }) => name).join(', ')}`)
  process.exit(0)
}

const seed = wholeNumber('--seed', values.seed)
const amount: Amount = {
  jobs: wholeNumber('--jobs', values.jobs),
  kills: wholeNumber('--kills', values.kills),
}
const size: Size = values.size === 'subset' ? 'subset' : 'full'
const folder = join(import.meta.dirname, '../.local/chaos', String(seed))
mkdirSync(folder, { recursive: true })

/** Of the row at hand. */
let world: World | null = null
let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)

const outcomes: Outcome[] = []
console.error(`seed ${seed}; results in ${folder}`)
for (const row of chosen(values.rows)) {
  if (stopping) break
  const file = join(folder, `${row.name}-${size}.json`)
  const outcome = (values.resume && earlier(file)) || (await perform(row))
  writeFileSync(file, JSON.stringify(outcome, null, 2))
  outcomes.push(outcome)
  console.error(`${row.name}: ${holds(outcome) ? 'holds' : 'FAILS'} (${outcome.seconds} s)`)
  if (!holds(outcome)) console.error(outcome.error ?? outcome.findings.slice(0, 10))
}
console.log(tableOf(outcomes))
console.log(`\nSeed ${seed}, ${size}: \`npm run chaos -- ${process.argv.slice(2).join(' ')}\``)
process.exitCode = outcomes.every(holds) && !stopping ? 0 : 1

/** One row on servers of its own. What it throws is its outcome. */
async function perform(row: Row): Promise<Outcome> {
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1000)
  console.error(`${row.name} …`)
  try {
    world = await createWorld({ size, seed, short: size === 'subset' || row.short === true })
    const outcome = outcomeOf(await row.run(world, amount), seconds())
    if (!holds(outcome)) keepLogs(row, world)
    return outcome
  } catch (error) {
    if (world) keepLogs(row, world)
    return failure(row, messageOf(error), seconds())
  } finally {
    await world?.[Symbol.asyncDispose]()
  }
}

/** What a row started would outlive us. Without its servers the row then fails, and ends the run. */
function stop(): void {
  stopping = true
  void world?.[Symbol.asyncDispose]()
}

function keepLogs(row: Row, world: World): void {
  writeFileSync(join(folder, `${row.name}-${size}.log`), world.system.logs())
}

/** What this seed's row came to before; null where it did not, or did not hold. */
function earlier(file: string): Outcome | null {
  if (!existsSync(file)) return null
  const outcome = outcomeSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  return holds(outcome) ? outcome : null
}

function chosen(names: string | undefined): readonly Row[] {
  if (names === undefined) return rows
  return names.split(',').map((name) => {
    const row = rows.find((known) => known.name === name)
    if (!row) throw new Error(`there is no row ${name}: ${rows.map((known) => known.name).join(', ')}`)
    return row
  })
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${option} takes a whole number`)
  return value
}
