// Feeds mutated media files to a system of its own, as `npm run fuzz:media -- --help` tells.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startSystem } from '../test/support/start-system.ts'
import { feedMutations, fuzzEnvironment } from './fuzz/feed.ts'
import { startStack } from './stack.ts'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(`Submits mutated media files to a real worker; 2000 take about half an hour on two cores.

npm run fuzz:media -- [--files 2000] [--seed 1] [--from 0]

--seed, --from   the same seed and number make the same file, so --from 812 --files 1 repeats one

Prints how the videos ended. Files that a finding is about, and the log, are below .local/fuzz.
Ends with 1 when a worker died, a video has no end or one that no file may cause, or anything was left behind.`)
  process.exit(0)
}

const keep = join(import.meta.dirname, '../.local/fuzz')
mkdirSync(keep, { recursive: true })
const dataDir = mkdtempSync(join(tmpdir(), 'stepladder-fuzz-stack-'))
try {
  await using stack = await startStack({ dataDir, ports: 'free', durable: false })
  const slots = 2
  await using system = await startSystem({ services: stack.environment, slots, environment: fuzzEnvironment })
  const [count, seed, from] = [values.files, values.seed, values.from].map(Number) as [number, number, number]
  let done = 0
  const fed = await feedMutations(system, {
    ...{ count, seed, from, keep },
    onEnd: (line) => {
      done += 1
      if (count < 50) console.error(line)
      else if (done % 50 === 0) console.error(`${done} of ${count}`)
    },
  })
  writeFileSync(join(keep, 'system.log'), system.logs())
  console.log(JSON.stringify(fed, null, 2))
  process.exitCode = fed.findings.length === 0 ? 0 : 1
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
