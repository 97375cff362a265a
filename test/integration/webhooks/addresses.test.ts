import { randomUUID } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postWebhook } from '../../../src/courier/post-webhook.ts'
import { createSafeAgent, type Resolve } from '../../../src/courier/safe-connect.ts'
import { type Receiver, startReceiver } from '../../support/receiver.ts'
import { createWebhookSystem, failedOnce, type WebhookSystem } from './webhook-system.ts'

const hasV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'))
// Listens on every address of this machine, so that whatever gets through is counted.
let canary: Receiver
let system: WebhookSystem
beforeAll(async () => {
  canary = await startReceiver(undefined, hasV6 ? '::' : '0.0.0.0')
  system = await createWebhookSystem({ courier: true, lead: { FETCH_PRIVATE_ADDRESSES: false } })
})
afterAll(async () => {
  await system[Symbol.asyncDispose]()
  await canary[Symbol.asyncDispose]()
})

const loopback = [
  ...[
    '127.0.0.1',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '127.0.0.1.',
    '127.8.9.10',
    '0.0.0.0',
    '0',
  ],
  ...['localhost', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[0:0:0:0:0:ffff:7f00:1]'],
]
const elsewhere = [
  ...[
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
  ],
  ...['[fd00:ec2::254]', '[fe80::1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[2001:db8::1]'],
]
const notPublic = { status: null, error: 'the address is not public' }

function post(hostname: string, resolve?: Resolve) {
  const agent = createSafeAgent({ allowPrivate: false, ...(resolve && { resolve }) })
  const url = `http://${hostname}:${canary.port}/hook`
  return postWebhook(url, { headers: {}, body: '{}' }, { agent, timeoutMs: 3_000 }).finally(() =>
    agent.destroy(),
  )
}

test.for([...loopback, ...elsewhere])(
  '%s is refused where it is given, and where it is called',
  async (hostname) => {
    const before = canary.connections()
    const url = `http://${hostname}:${canary.port}/hook`
    const refused = { status: 422, body: { code: 'invalid_request' } }
    const made = await system.api.ask('/webhooks', { json: { url } })
    expect(made).toMatchObject({
      ...refused,
      body: { errors: [{ path: 'url', message: 'must lie at a public address' }] },
    })
    const job = await system.api.ask('/jobs', {
      json: { source: { url: 'https://example.org' }, webhook_url: url },
    })
    expect(job).toMatchObject({ ...refused, body: { errors: [{ path: 'webhook_url' }] } })
    expect(await post(hostname)).toMatchObject(notPublic)
    expect(canary.connections()).toBe(before)
  },
)

test.for([['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['::1'], ['::ffff:10.0.0.1'], []])(
  'a name that leads to %j is refused without a connection',
  async (list) => {
    const before = canary.connections()
    const resolve: Resolve = async () =>
      list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    expect(await post('hook.test', resolve)).toMatchObject(notPublic)
    expect(canary.connections()).toBe(before)
  },
)

test('a name is asked for once, so that it cannot be checked with one answer and called with another', async () => {
  const asked: string[] = []
  const resolve: Resolve = async (hostname) => {
    asked.push(hostname)
    return [{ address: '127.0.0.1', family: 4 }]
  }
  const agent = createSafeAgent({ allowPrivate: true, resolve })
  const url = `http://rebinding.test:${canary.port}/hook`
  expect(await postWebhook(url, { headers: {}, body: '{}' }, { agent, timeoutMs: 3_000 })).toMatchObject({
    status: 204,
  })
  expect(asked).toEqual(['rebinding.test'])
  await agent.destroy()
})

test.for(['http://127.0.0.1', 'http://[::1]', 'http://localhost', 'http://169.254.169.254'])(
  'a redirect to %s is not followed, whatever its status',
  async (place) => {
    for (const status of [301, 302, 307, 308]) {
      const location = `${place}:${canary.port}/secret`
      await using receiver = await startReceiver((_, response) =>
        response.writeHead(status, { location }).end(),
      )
      const agent = createSafeAgent({ allowPrivate: true })
      const before = canary.connections()
      const answer = await postWebhook(
        receiver.url(),
        { headers: {}, body: '{}' },
        { agent, timeoutMs: 3_000 },
      )
      expect(answer).toMatchObject({ status })
      expect(receiver.received).toHaveLength(1)
      expect(canary.connections()).toBe(before)
      await agent.destroy()
    }
  },
)

describe('the courier as it is configured', () => {
  test('calls no inner address that is in the table all the same, and goes on', async () => {
    const id = randomUUID()
    const url = `http://localhost:${canary.port}/hook`
    await system.sql`insert into webhook_endpoints (id, url, events) values (${id}, ${url}, '{video.cancelled}')`
    await system.sql`insert into webhook_secrets (endpoint_id, secret) values (${id}, 'secret')`
    const before = canary.connections()
    await system.end('cancelled')
    const [delivery] = await system.until(id, failedOnce)
    expect(delivery?.attempts).toMatchObject([notPublic])
    expect(canary.connections()).toBe(before)
  })
})
