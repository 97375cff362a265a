import type { Socket } from 'node:net'

/**
 * Makes a socket tell of its error and of its close in one breath. Between the two, postgres-js 3.4.9
 * still takes statements for the connection; they are never sent, and on the next connection every
 * later statement would be given the answer of the one before it.
 */
export function endAtOnce(socket: Socket): Socket {
  const emit = socket.emit.bind(socket)
  let failure: unknown[] | null = null
  return Object.assign(socket, {
    emit(event: string, ...args: unknown[]): boolean {
      if (event === 'error') {
        failure = args
        return true
      }
      // Under TLS nobody listens here: the error is told by the socket on top of this one.
      if (event === 'close' && failure && socket.listenerCount('error') > 0) emit('error', ...failure)
      return emit(event, ...args)
    },
  })
}
