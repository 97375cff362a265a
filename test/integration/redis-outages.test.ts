import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { createRedis, isRedisOutage, type Redis, type RedisRole, untilReady } from '../../src/redis.ts'
import { startTcpProxy, type TcpProxy } from '../chaos/support/proxy.ts'
import { searchedLog } from '../support/log-search/searched-log.ts'

const url = inject('services').REDIS_URL ?? ''
const log = searchedLog('api')
let proxy: TcpProxy
let opened: Redis[] = []
beforeEach(async () => {
  proxy = await startTcpProxy(url)
})
afterEach(async () => {
  for (const redis of opened.splice(0)) redis.disconnect()
  await proxy[Symbol.asyncDispose]()
})

async function open(role: RedisRole, at = proxy.through(url)): Promise<Redis> {
  const redis = createRedis({ url: at, role, log, ...(role === 'blocking' && { silenceMs: 1_000 }) })
  opened = [...opened, redis]
  await untilReady(redis, 5_000)
  return redis
}

/** Resolves with the next such event, whatever errors come before it. */
async function told(redis: Redis, event: 'close' | 'ready', withinMs = 15_000): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  redis.once(event, resolve)
  const timer = setTimeout(() => reject(new Error(`no ${event} within ${withinMs} ms`)), withinMs)
  await promise.finally(() => clearTimeout(timer))
}

test.for(['to-server', 'to-client'] as const)(
  'a black hole %s is noticed by a connection that rests, refused at once while it lasts, and over soon after',
  async (direction) => {
    const redis = await open('request')
    proxy.swallow(direction)
    await told(redis, 'close', 10_000)
    const from = performance.now()
    const refused = await redis.xlen('nothing').catch((error: unknown) => error)
    expect(isRedisOutage(refused)).toBe(true)
    expect(performance.now() - from).toBeLessThan(4_000)
    await proxy.heal()
    await expect.poll(() => redis.ping().catch(() => ''), { timeout: 15_000 }).toBe('PONG')
  },
)

test('a command in a black hole ends within a second or so', async () => {
  const redis = await open('request')
  proxy.swallow('both')
  const from = performance.now()
  const failure = await redis.xlen('nothing').catch((error: unknown) => error)
  expect(isRedisOutage(failure)).toBe(true)
  expect(performance.now() - from).toBeLessThan(6_000)
})

test('a subscriber notices a black hole by itself and hears again after it', async () => {
  const subscriber = await open('subscriber')
  const publisher = await open('patient', url)
  const heard: string[] = []
  subscriber.on('message', (_, message) => heard.push(message))
  await subscriber.subscribe('test-cut')
  proxy.swallow('both')
  await told(subscriber, 'close', 10_000)
  await publisher.publish('test-cut', 'lost')
  await proxy.heal()
  await told(subscriber, 'ready', 15_000)
  await vi.waitFor(async () => {
    await publisher.publish('test-cut', 'after')
    expect(heard).toContain('after')
  })
  expect(heard).not.toContain('lost')
})

test('a read that blocks in a black hole loses its socket, and what is asked meanwhile is not kept for later', async () => {
  const redis = await open('blocking')
  const stream = `test-cut-${process.pid}`
  const direct = await open('patient', url)
  await direct.xgroup('CREATE', stream, 'g', '0', 'MKSTREAM')
  const read = () => redis.xreadgroup('GROUP', 'g', 'c', 'COUNT', 1, 'BLOCK', 500, 'STREAMS', stream, '>')
  expect(await read()).toBeNull()
  proxy.swallow('both')
  read().catch(() => {})
  await told(redis, 'close', 5_000)
  for (let times = 0; times < 5; times++) await expect(read()).rejects.toSatisfy(isRedisOutage)
  await direct.xadd(stream, '*', 'task', '1')
  await proxy.heal()
  await told(redis, 'ready', 15_000)
  expect(await direct.xpending(stream, 'g')).toMatchObject([0, null, null, null])
  expect(await read()).not.toBeNull()
  await direct.del(stream)
})

test('what Redis refuses for lack of disk or memory is an outage, what is wrong with the command is not', async () => {
  const redis = await open('request')
  const reply = async (text: string) => {
    const script = `return redis.error_reply(${JSON.stringify(text)})`
    return isRedisOutage(await redis.eval(script, 0).catch((error: unknown) => error))
  }
  expect(await reply('MISCONF Redis is configured to save RDB snapshots')).toBe(true)
  expect(await reply('OOM command not allowed')).toBe(true)
  expect(await reply('LOADING Redis is loading the dataset in memory')).toBe(true)
  expect(await reply('NOGROUP No such key')).toBe(false)
  expect(await reply('WRONGTYPE Operation')).toBe(false)
})
