import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What stands in the way of a request: an answer instead of the store's, or nothing (false). */
type Obstacle = (incoming: IncomingMessage, response: ServerResponse) => boolean

/**
 * The store behind a thin proxy on loopback that can answer in its place. Signatures hold, for the
 * Host header goes through unchanged.
 */
export async function startStoreProxy(endpoint: string) {
  const target = new URL(endpoint)
  const requests: string[] = []
  let obstacle: Obstacle = () => false
  let closed = 0
  const server = createServer((incoming, response) => {
    requests.push(`${incoming.method} ${incoming.url}`)
    response.on('close', () => {
      if (!response.writableEnded) closed++
    })
    if (obstacle(incoming, response)) return
    const { method, url: path, headers } = incoming
    const onward = request({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    /** Requests whose caller went away before the answer. */
    closed: () => closed,
    /** From now on `next` is asked first. */
    meet: (next: Obstacle) => {
      obstacle = next
      requests.length = 0
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers the first `times` requests that `match` with `status` and `body`. */
export function failing(
  options: { times: number; status: number; body?: string },
  match: (incoming: IncomingMessage) => boolean = () => true,
): Obstacle {
  let left = options.times
  return (incoming, response) => {
    if (left === 0 || !match(incoming)) return false
    left--
    incoming.resume()
    response.writeHead(options.status).end(options.body ?? '')
    return true
  }
}
