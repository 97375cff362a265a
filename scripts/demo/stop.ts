export type StopRequest = {
  /** Resolves at the first Ctrl-C, SIGTERM or closed terminal. */
  requested: Promise<'stop'>
  signal: AbortSignal
}

/** A first request is ours to follow in order; a second one ends us at once, and our processes with us. */
export function listenForStop(): StopRequest {
  const controller = new AbortController()
  const { promise, resolve } = Promise.withResolvers<'stop'>()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1)
      resolve('stop')
      controller.abort()
    })
  }
  return { requested: promise, signal: controller.signal }
}
