import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDownload } from '../../../src/courier/download.ts'
import { createSafeAgent, type Resolve } from '../../../src/courier/safe-connect.ts'
import { createCourierSystem } from './courier-system.ts'
import { type Source, serve, startSource } from './source-server.ts'

const hasV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'))
// Listens on every address of this machine, so that whatever gets through is counted.
let canary: Source
beforeAll(async () => {
  canary = await startSource(serve(Buffer.from('secret')), hasV6 ? '::' : '0.0.0.0')
})
afterAll(() => canary[Symbol.asyncDispose]())

const loopback = [
  '127.0.0.1',
  '127.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '127.0.0.1.',
  '127.8.9.10',
  '0.0.0.0',
  '0',
  'localhost',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[0:0:0:0:0:ffff:7f00:1]',
]
const elsewhere = [
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[fd00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[fec0::1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::a00:1]',
  '[::7f00:1]',
  '[::ffff:0:7f00:1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[2001:db8::1]',
  '[ff02::1]',
]

function open(hostname: string, options: { allowPrivate?: boolean; resolve?: Resolve } = {}) {
  const agent = createSafeAgent({ allowPrivate: false, ...options })
  const signal = AbortSignal.timeout(3_000)
  const download = openDownload(`http://${hostname}:${canary.port}/film.mp4`, {
    ...{ agent, maxBytes: 100, signal },
  })
  return download
    .then(({ body }) => body.text())
    .catch((error: unknown) => (error instanceof Error && 'code' in error ? error.code : error))
    .finally(() => agent.destroy())
}

test.for([...loopback, ...elsewhere])('%s is refused without a connection', async (hostname) => {
  const before = canary.connections()
  expect(await open(hostname)).toBe('source_forbidden')
  expect(canary.connections()).toBe(before)
})

test.for(loopback.filter((name) => hasV6 || !name.startsWith('[')))(
  '%s is reached when private addresses are allowed',
  async (hostname) => {
    expect(await open(hostname, { allowPrivate: true })).toBe('secret')
  },
)

describe('a name', () => {
  const addresses =
    (...list: string[]): Resolve =>
    async () =>
      list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

  test.for([
    { list: ['127.0.0.1'] },
    { list: ['93.184.216.34', '127.0.0.1'] },
    { list: ['2606:2800:220:1::1', '::1'] },
    { list: ['::ffff:10.0.0.1'] },
    { list: [] },
  ])('that resolves to $list is refused without a connection', async ({ list }) => {
    const before = canary.connections()
    expect(await open('film.test', { resolve: addresses(...list) })).toBe('source_forbidden')
    expect(canary.connections()).toBe(before)
  })

  test('is resolved once, and the connection goes to what was checked', async () => {
    const answers = [['127.0.0.1'], ['192.0.2.1']]
    const resolve: Resolve = (hostname) => addresses(...(answers.shift() ?? []))(hostname)
    expect(await open('film.test', { allowPrivate: true, resolve })).toBe('secret')
    expect(answers).toEqual([['192.0.2.1']])
  })

  test('with a dead address in front is reached at the next one', async () => {
    const resolve = addresses('::1', '127.0.0.1')
    await using other = await startSource(serve(Buffer.from('film')))
    const agent = createSafeAgent({ allowPrivate: true, resolve })
    const { body } = await openDownload(`http://film.test:${other.port}/`, {
      ...{ agent, maxBytes: 100, signal: AbortSignal.timeout(3_000) },
    })
    expect(await body.text()).toBe('film')
    await agent.destroy()
  })

  test('that does not exist is not asked for again', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    const agent = createSafeAgent({ allowPrivate: false, resolve })
    const options = { agent, maxBytes: 100, signal: AbortSignal.timeout(3_000) }
    await expect(openDownload('http://film.test/', options)).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'source_not_found',
      message: 'the host of the source does not exist',
    })
    await agent.destroy()
  })
})

test.for(['http://127.0.0.1', 'http://[::1]', 'http://localhost', '//0x7f000001'])(
  'a public server that redirects to %s is refused there',
  async (place) => {
    const location = `${place}:${canary.port}/secret`
    await using open = await startSource((_, response) => response.writeHead(302, { location }).end())
    const safe = createSafeAgent({ allowPrivate: false })
    const free = createSafeAgent({ allowPrivate: true })
    // Stands for the public server, which cannot be had in a test.
    const agent = safe.compose(
      (dispatch) => (options, handler) =>
        String(options.origin) === new URL(open.url('')).origin
          ? free.dispatch(options, handler)
          : dispatch(options, handler),
    )
    const before = canary.connections()
    const download = openDownload(open.url('/film'), {
      ...{ agent, maxBytes: 100, signal: AbortSignal.timeout(3_000) },
    })
    await expect(download).rejects.toMatchObject({ name: 'PermanentError', code: 'source_forbidden' })
    expect(open.requests).toHaveLength(1)
    expect(canary.connections()).toBe(before)
    await Promise.all([safe.destroy(), free.destroy()])
  },
)

describe('the courier as it is configured', () => {
  test('refuses private addresses unless told otherwise, and goes on', async () => {
    await using system = await createCourierSystem({
      courier: true,
      overrides: { FETCH_PRIVATE_ADDRESSES: '' },
    })
    const before = canary.connections()
    for (const hostname of ['127.0.0.1', 'localhost']) {
      const video = await system.fetched(`http://${hostname}:${canary.port}/film.mp4`)
      expect(video).toMatchObject({ status: 'failed', error_code: 'source_forbidden', attempt: 0 })
      expect(video.error_message).toBe('the source lies at an address that is not public')
      expect(await system.kept(video.id)).toEqual([])
    }
    expect(canary.connections()).toBe(before)
  })
})
