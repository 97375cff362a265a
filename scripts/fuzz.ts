// `npm run fuzz`: requests that nobody thought of, against the API of this working tree. For each seed schemathesis
// makes some out of the reference, and mutants of those follow, a hundred times as quick. Fails at a 5xx but a 503
// that is told of, at a status or body that the reference does not tell of, and at rows that cannot be.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bombard, peakMemoryMib } from './fuzz/http/bombard.ts'
import { readRecording } from './fuzz/http/recording.ts'
import { routeTable } from './fuzz/http/table.ts'
import { addTally, emptyTally } from './fuzz/http/tally.ts'
import { installSchemathesis } from './fuzz/install.ts'
import { fuzzOnce } from './fuzz/pass.ts'
import { startSubject } from './fuzz/subject.ts'
import { startStack } from './stack.ts'

const { values } = parseArgs({
  options: {
    /** Of mutants, over all seeds. */
    requests: { type: 'string', default: '100000' },
    /** Mutants of one recording. */
    'each-seed': { type: 'string', default: '10000' },
    /** Cases of schemathesis for each operation in each of its phases, and each seed. */
    examples: { type: 'string', default: '25' },
    lanes: { type: 'string', default: '16' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})
const wanted = Number(values.requests)
const eachSeed = Number(values['each-seed'])
const startedAt = Date.now()
const seconds = () => Math.round((Date.now() - startedAt) / 1000)
const program = await installSchemathesis()
const folder = mkdtempSync(join(tmpdir(), 'stepladder-fuzz-run-'))
const recording = join(folder, 'requests.har')
try {
  await using stack = await startStack({ dataDir: join(folder, 'stack'), ports: 'free', durable: false })
  await using subject = await startSubject(stack.environment)
  const { baseUrl, headers } = subject
  const sum = emptyTally()
  let cases = 0
  let failed = false
  for (let seed = Number(values.seed); !failed && sum.requests < wanted; seed += 1) {
    const { ids, keys } = await subject.makeThings()
    const known = { ids: Object.values(ids).flat(), keys }
    const examples = Number(values.examples)
    const pass = await fuzzOnce({ program, baseUrl, examples, seed, headers, recording, ...known })
    cases += pass.cases
    if (pass.failures.length > 0) console.log(pass.output)
    const tally = await bombard(subject, {
      recording: readRecording(recording),
      seed,
      requests: Math.min(eachSeed, wanted - sum.requests),
      lanes: Number(values.lanes),
    })
    addTally(sum, tally)
    failed = pass.failures.length > 0 || tally.faults.length > 0 || subject.answers().faults.length > 0
    const memory = peakMemoryMib(subject.system.api.pid)
    console.error(`seed ${seed}: ${sum.requests} mutants and ${cases} cases, ${seconds()} s, ${memory} MiB`)
  }
  const { requests, statuses, faults } = subject.answers()
  console.log(`${sum.requests} mutants and ${cases} cases of schemathesis in ${seconds()} s`)
  console.log(`answers to mutants: ${listed(sum.statuses)}`)
  console.log(`ways: ${listed(sum.ways)}`)
  console.log(`problems: ${listed(sum.codes)}`)
  console.log(`the log of the API tells of ${requests} requests: ${listed(statuses)}`)
  console.log(routeTable(sum))
  for (const fault of [...sum.faults, ...faults]) console.log(fault)
  process.exitCode = failed ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function listed(counts: Record<string, number>): string {
  const entries = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, count]) => `${name}: ${count}`).join(', ')
}
