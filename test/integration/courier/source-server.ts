import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Socket } from 'node:net'

export type Answer = (request: IncomingMessage, response: ServerResponse) => unknown
export type Source = AsyncDisposable & {
  port: number
  url: (path: string) => string
  requests: { path: string; authorization: string | undefined }[]
  connections: () => number
}

/** A web server on loopback that gives every request to `answer` and notes who called. */
export async function startSource(answer: Answer, host = '127.0.0.1'): Promise<Source> {
  const requests: Source['requests'] = []
  let connections = 0
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization })
    answer(request, response)
  })
  server.on('connection', () => {
    connections++
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    requests,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A server that is free to break HTTP: it has one whole request and the bare connection. */
export async function startRawSource(
  answer: (socket: Socket) => void,
): Promise<AsyncDisposable & { url: (path: string) => string }> {
  const sockets = new Set<Socket>()
  const server = createRawServer((socket) => {
    sockets.add(socket)
    socket.once('data', () => answer(socket))
    // The other side may have had enough.
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The whole body with its length in front. */
export function serve(body: Buffer): Answer {
  return (_, response) => response.writeHead(200, { 'content-length': body.length }).end(body)
}

/** `body` and then silence, with the connection open. */
export function serveAndHang(body: Buffer): Answer {
  return (_, response) => void response.writeHead(200).write(body)
}

/** Bytes until the other side has enough, as fast as it takes them. */
export const serveForEver: Answer = (_, response) => {
  response.writeHead(200)
  const piece = Buffer.alloc(64 * 1024, 7)
  const pour = () => {
    while (!response.destroyed && response.write(piece));
  }
  response.on('drain', pour)
  pour()
}
