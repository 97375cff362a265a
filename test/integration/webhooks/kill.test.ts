import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createProcessGroup } from '../../../scripts/stack/processes.ts'
import { type AppProcess, startApp } from '../../support/app-process.ts'
import { startReceiver, verified } from '../../support/receiver.ts'
import { createWebhookSystem, type WebhookSystem } from './webhook-system.ts'

let system: WebhookSystem
const processes = createProcessGroup()
beforeAll(async () => {
  system = await createWebhookSystem({ courier: false })
})
afterEach(() => processes.stopAll())
afterAll(() => system[Symbol.asyncDispose]())

async function startCourier(name: string): Promise<AppProcess> {
  const environment = {
    ...system.api.environment,
    FETCH_PRIVATE_ADDRESSES: 'true',
    WEBHOOK_TIMEOUT_MS: '20000',
  }
  const courier = startApp({ processes, command: 'courier', name, environment })
  await courier.logged('courier started')
  return courier
}

test('a webhook whose courier is killed with -9 in the midst of it is sent again under its id', async () => {
  const courier = await startCourier('killed')
  let silent = true
  await using receiver = await startReceiver((_, response) => silent || response.writeHead(204).end())
  const { id, secret } = await system.create({ url: receiver.url() })
  await system.end('cancelled')
  await receiver.until(1)
  courier.kill('SIGKILL')
  await courier.exited
  silent = false
  expect(await system.deliveries(id)).toMatchObject([{ state: 'sending' }])
  await system.sql`update webhook_deliveries set lease_until = now()`
  await startCourier('next')
  const [delivery] = await system.until(id, ({ state }) => state === 'delivered')
  expect(delivery?.attempts).toMatchObject([
    { status: null, error: expect.stringContaining('died') },
    { status: 204 },
  ])
  const [first, second] = await receiver.until(2)
  if (!first || !second) throw new Error('it came once')
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
  expect(second.body).toBe(first.body)
  verified(secret, second)
})

test('a courier that is told to stop waits for the answer, and writes it', async () => {
  const courier = await startCourier('stopped')
  const answer = Promise.withResolvers<void>()
  await using receiver = await startReceiver((_, response) =>
    answer.promise.then(() => response.writeHead(204).end()),
  )
  const { id } = await system.create({ url: receiver.url() })
  await system.end('cancelled')
  await receiver.until(1)
  courier.kill('SIGTERM')
  await courier.logged('waiting for the answers to webhooks')
  answer.resolve()
  expect(await courier.exited).toBe('exit code 0')
  expect(await system.deliveries(id)).toMatchObject([{ state: 'delivered', attempts: [{ status: 204 }] }])
})

test('two couriers share what is to be sent, and send each webhook once', async () => {
  await Promise.all([startCourier('one'), startCourier('two')])
  await using receiver = await startReceiver()
  const { id } = await system.create({ url: receiver.url() })
  await Promise.all(Array.from({ length: 20 }, () => system.end('cancelled')))
  await system.until(id, ({ state }) => state === 'delivered')
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(20)
  expect(new Set(ids).size).toBe(20)
})
