import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestSystem } from '../../test/support/start-system.ts'
import { programsBelow } from './left-behind.ts'

/** In MiB of resident memory: the most that a worker had, and any program that it started. */
export type Peak = { worker: number; program: number }

/** Looks twice a second until it is told to end; a program's own peak just before its end may escape it. */
export function watchMemory(system: TestSystem): { end: () => Promise<Peak> } {
  const peak: Peak = { worker: 0, program: 0 }
  const stop = new AbortController()

  async function look(): Promise<void> {
    for (const { pid } of system.workers()) peak.worker = Math.max(peak.worker, await peakOf(pid))
    for (const pid of await programsBelow(system.config.SCRATCH_DIR)) {
      peak.program = Math.max(peak.program, await peakOf(pid))
    }
  }
  async function watch(): Promise<void> {
    while (!stop.signal.aborted) {
      await look()
      await sleep(500, undefined, { signal: stop.signal }).catch(() => {})
    }
  }

  const watching = watch()
  return {
    async end() {
      stop.abort()
      await watching
      return peak
    },
  }
}

/** The kernel's own high-water mark; 0 for a process that is gone. */
async function peakOf(pid: number | string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024)
}
