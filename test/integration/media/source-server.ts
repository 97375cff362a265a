import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export const ETAG = 'd41d8cd98f00b204e9800998ecf8427e-1'

/**
 * A store in miniature on loopback: files of one folder with Range and If-Match, and a log of what
 * was asked. `answers` replaces what one path gives; with no folder at all it is a canary.
 */
export async function startSourceServer(folder: string | null = null, answers: Record<string, Answer> = {}) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://store').pathname
    requests.push(path)
    const answer =
      answers[path] ??
      (folder === null
        ? notFound
        : (): Promise<void> => serveFile(join(folder, basename(path)), request, response))
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    requests,
    url: (path: string) => `http://127.0.0.1:${port}/${path}?X-Amz-Signature=secret`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const notFound: Answer = (_, response) => void response.writeHead(404).end()

export async function serveFile(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.headers['if-match'] !== `"${ETAG}"`) return void response.writeHead(412).end()
  const found = await stat(path).catch(() => null)
  if (found === null) return void response.writeHead(404).end()
  const { size } = found
  const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? []
  const [start, end] = [Number(from), to ? Number(to) : size - 1]
  if (start >= size) return void response.writeHead(416).end()
  const range = {
    'content-range': `bytes ${start}-${end}/${size}`,
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
  }
  response.writeHead(request.headers.range ? 206 : 200, range)
  createReadStream(path, { start, end })
    .on('error', () => response.destroy())
    .pipe(response)
}
