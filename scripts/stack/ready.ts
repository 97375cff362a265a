import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, StepladderError } from '../../src/errors.ts'
import type { RunningProcess } from './processes.ts'

/**
 * Resolves once `probe` succeeds. Rejects with the log's last lines as soon as `process` has ended,
 * and after `withinMs` with the probe's last failure.
 */
export async function untilItAnswers(options: {
  name: string
  probe: () => Promise<void>
  process?: RunningProcess
  logFile?: string
  withinMs?: number
}): Promise<void> {
  const { name, probe, process, logFile } = options
  const withinMs = options.withinMs ?? 30_000
  const deadline = Date.now() + withinMs
  for (;;) {
    const failure = await probe().then(() => null, messageOf)
    if (failure === null) return
    if (process?.hasExited()) {
      const how = await process.exited
      throw new StepladderError('not_started', `${name} did not start (${how})${quoted(logFile)}`)
    }
    if (Date.now() > deadline) {
      throw new StepladderError(
        'not_ready',
        `${name} did not answer within ${withinMs / 1000} s: ${failure}${quoted(logFile)}`,
      )
    }
    await sleep(25)
  }
}

/** The last lines of a log file, '' when there is none. */
export function lastLines(file: string, count = 8): string {
  if (!existsSync(file)) return ''
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
}

function quoted(logFile: string | undefined): string {
  const text = logFile ? lastLines(logFile) : ''
  return text === '' ? '' : `; the last lines of ${logFile}:\n${text}`
}
