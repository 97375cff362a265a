import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { execa } from 'execa'

export type Step = { name: string; command: string; args: readonly string[] }

const root = join(import.meta.dirname, '../..')

/** What can be known without running the code. */
export const staticChecks: readonly Step[] = [
  { name: 'format and lint', command: 'biome', args: ['ci', '--error-on-warnings', '.'] },
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  { name: 'types of the page', command: 'tsc', args: ['-p', 'src/api/web'] },
  { name: 'dead code', command: 'knip', args: [] },
]

/** What depends on others: licences, known holes, the list of what is shipped. */
export const supplyChain: Step = { name: 'supply chain', command: 'node', args: ['scripts/supply-chain.ts'] }

/** Runs steps in order, each under a heading; stops at the first failure unless told. Returns what failed. */
export async function runSteps(steps: readonly Step[], options: { keepGoing: boolean }): Promise<string[]> {
  const failed: string[] = []
  for (const step of steps) {
    console.log(`\n== ${step.name}`)
    const start = performance.now()
    const { failed: hasFailed } = await execa(step.command, step.args, {
      cwd: root,
      stdio: 'inherit',
      preferLocal: true,
      localDir: root,
      reject: false,
    })
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`== ${step.name}: ${hasFailed ? 'FAILED' : 'ok'} (${seconds} s)`)
    if (!hasFailed) continue
    failed.push(step.name)
    if (!options.keepGoing) break
  }
  return failed
}
