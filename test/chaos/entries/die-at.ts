import { writeSync } from 'node:fs'
import { failpoints, type Reach } from '../../../src/failpoints.ts'

/** What a process prints before it ends itself, as a line of its log. */
export const diedAt = 'died at a failpoint'

/**
 * `--die-at <failpoint>[:<n>]` among the arguments: this process ends itself with SIGKILL at the n-th
 * passing of that place (default the first), as a crash would, with no time for anything. Without it,
 * nothing happens anywhere.
 */
export function reachFromArguments(args: readonly string[]): Reach {
  const at = args.indexOf('--die-at')
  if (at < 0) return () => {}
  const [name = '', count = '1'] = (args[at + 1] ?? '').split(':')
  const place = failpoints.find((known) => known === name)
  if (!place) throw new Error(`there is no failpoint ${name}`)
  let left = Number(count)
  return (reached) => {
    if (reached !== place || --left > 0) return
    // Synchronous, for nothing of this process runs after the next line.
    writeSync(1, `${JSON.stringify({ msg: diedAt, place })}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}
