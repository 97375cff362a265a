// `npm run fuzz`: schemathesis against the API of this working tree, with one seed after another, until the API
// answered as many requests as were asked for. Fails at a 500, a status or a body that the document does not tell of.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installSchemathesis } from './fuzz/install.ts'
import { fuzzOnce } from './fuzz/pass.ts'
import { startSubject } from './fuzz/subject.ts'
import { startStack } from './stack.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    examples: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})
const wanted = Number(values.requests)
const startedAt = Date.now()
const program = await installSchemathesis()
const dataDir = mkdtempSync(join(tmpdir(), 'stepladder-fuzz-stack-'))
try {
  await using stack = await startStack({ dataDir, ports: 'free', durable: false })
  await using subject = await startSubject(stack.environment)
  let failed = false
  for (let seed = Number(values.seed); !failed && subject.answers().requests < wanted; seed += 1) {
    const things = await subject.makeThings()
    const { baseUrl } = subject
    const pass = await fuzzOnce({ program, baseUrl, examples: Number(values.examples), seed, ...things })
    const { requests, faults } = subject.answers()
    failed = pass.failures.length > 0 || faults.length > 0
    console.error(`seed ${seed}: ${pass.cases} cases, ${requests} requests so far`)
    if (failed) console.log(pass.output)
  }
  const { requests, statuses, faults } = subject.answers()
  console.log(`${requests} requests in ${Math.round((Date.now() - startedAt) / 1000)} s`)
  for (const [status, count] of Object.entries(statuses)) console.log(`${status}: ${count}`)
  for (const fault of faults) console.log(fault)
  process.exitCode = failed ? 1 : 0
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
