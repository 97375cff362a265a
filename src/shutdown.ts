import type { Log } from './log.ts'

/**
 * Resolves at the first SIGTERM or SIGINT. A second one ends the process at once, for people who
 * press Ctrl-C twice.
 */
export function shutdownRequested(log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (asked) process.exit(1)
        asked = true
        log.info({ signal: name }, 'shutting down')
        resolve(name)
      })
    }
  })
}
