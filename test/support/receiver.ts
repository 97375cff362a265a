import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'
import { z } from 'zod'

export type Received = { path: string; method: string; headers: Record<string, string>; body: string }
type Reply = (received: Received, response: ServerResponse) => unknown

/** What our webhooks have in common, as a stranger would check it. */
const messageSchema = z.object({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.looseObject({ video: z.looseObject({ id: z.string(), status: z.string() }).optional() }),
})
export type Message = z.infer<typeof messageSchema>

export type Receiver = AsyncDisposable & {
  port: number
  url: (path?: string) => string
  /** Every request whose body came to its end, in order. */
  received: Received[]
  connections: () => number
  /** The first `count` requests, once they are there. */
  until: (count: number) => Promise<Received[]>
}

/** A web server on loopback that keeps what it is sent and answers 204 unless told. */
export async function startReceiver(
  reply: Reply = (_, response) => response.writeHead(204).end(),
  host = '127.0.0.1',
): Promise<Receiver> {
  const received: Received[] = []
  let connections = 0
  const server = createServer((request, response) => {
    void read(request).then((whole) => {
      received.push(whole)
      reply(whole, response)
    })
  })
  server.on('connection', () => {
    connections++
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  const { port } = server.address() as AddressInfo

  async function until(count: number): Promise<Received[]> {
    await vi.waitFor(
      () => {
        if (received.length < count) throw new Error(`${received.length} of ${count} webhooks came`)
      },
      { timeout: 20_000, interval: 20 },
    )
    return received.slice(0, count)
  }

  return {
    port,
    url: (path = '/hook') => `http://127.0.0.1:${port}${path}`,
    received,
    connections: () => connections,
    until,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What the library of Standard Webhooks makes of it. Throws its WebhookVerificationError. */
export function verified(secret: string, { headers, body }: Received): Message {
  return messageSchema.parse(new Webhook(secret).verify(body, headers))
}

async function read(request: IncomingMessage): Promise<Received> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  )
  return {
    path: request.url ?? '',
    method: request.method ?? '',
    headers,
    body: Buffer.concat(parts).toString(),
  }
}
