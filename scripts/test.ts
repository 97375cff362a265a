// The static checks and the supply chain, then every test; closes with the count. Called by scripts/test.sh.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { runSteps, staticChecks, supplyChain } from './checks/steps.ts'

const resultSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
})

const folder = mkdtempSync(join(tmpdir(), 'stepladder-results-'))
try {
  const keepGoing = process.argv.includes('--keep-going')
  const forVitest = process.argv.slice(2).filter((argument) => argument !== '--keep-going')
  const outputFile = join(folder, 'results.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`]
  const tests = { name: 'tests', command: 'vitest', args: ['run', ...reporters, ...forVitest] }

  const failed = await runSteps([...staticChecks, supplyChain, tests], { keepGoing })
  if (failed.length > 0) console.log(`\nfailed: ${failed.join(', ')}`)
  if (existsSync(outputFile)) console.log(count(outputFile))
  process.exitCode = failed.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function count(file: string): string {
  const result = resultSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const skipped = result.numPendingTests + result.numTodoTests
  const counted = `${result.numPassedTests} passed, ${result.numFailedTests} failed`
  return skipped === 0 ? counted : `${counted}, ${skipped} skipped`
}
