import { constants } from 'node:os'

export type Interruption = {
  /** Resolves at the first Ctrl-C, SIGTERM or closed terminal. */
  requested: Promise<'stop'>
  signal: AbortSignal
  /** 128 and the number of the signal that came, as shells count: 130 for Ctrl-C. */
  exitCode: () => number
}

/** A first request is ours to follow in order; a second one ends us at once, and our processes with us. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController()
  const { promise, resolve } = Promise.withResolvers<'stop'>()
  let exitCode = 128 + constants.signals.SIGINT
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCode)
      exitCode = 128 + constants.signals[name]
      resolve('stop')
      controller.abort()
    })
  }
  return { requested: promise, signal: controller.signal, exitCode: () => exitCode }
}
