import { networkInterfaces } from 'node:os'
import type { Dispatcher } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDownload } from '../../../src/courier/download.ts'
import { createSafeAgent, type Resolve } from '../../../src/courier/safe-connect.ts'
import { type Reopen, wholeBody } from '../../../src/courier/whole-body.ts'
import { createCourierSystem } from './courier-system.ts'
import { serveRanges, startAnswers } from './range-server.ts'
import { type Source, serve, startSource } from './source-server.ts'

const hasV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6'))
// Listens on every address of this machine, so that whatever gets through is counted.
let canary: Source
let attacks = 0
let leaks = 0
beforeAll(async () => {
  canary = await startSource(serve(Buffer.from('secret')), hasV6 ? '::' : '0.0.0.0')
})
afterAll(async () => {
  console.log(`${attacks} ways to an inner address, ${leaks} connections`)
  await canary[Symbol.asyncDispose]()
})

/** What `attack` makes of it, without a connection to the canary. */
async function unseen<T>(attack: () => Promise<T>): Promise<T> {
  const before = canary.connections()
  const outcome = await attack()
  attacks++
  leaks += canary.connections() - before
  expect(canary.connections()).toBe(before)
  return outcome
}

const loopback = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '0x7f000001',
  '0x7F.1',
  '0x7f.0x0.0x0.0x1',
  '2130706433',
  '0177.0.0.1',
  '017700000001',
  '0177.1',
  '00000177.0.0.01',
  '%31%32%37.0.0.1',
  '１２７.0.0.1',
  '①②⑦.0.0.1',
  '127。0。0。1',
  '127.0.0.1.',
  '127.8.9.10',
  '0.0.0.0',
  '0',
  'localhost',
  'LOCALHOST',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[0:0:0:0:0:ffff:7f00:1]',
  '[::FFFF:127.8.9.10]',
]
const elsewhere = [
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '100.127.255.254',
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '0.1.2.3',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '[::ffff:169.254.169.254]',
  '[::ffff:100.64.0.1]',
  '[fd00::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[fec0::1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::a00:1]',
  '[::7f00:1]',
  '[::ffff:0:7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:7f00:1::]',
  '[2001:db8::1]',
  '[ff02::1]',
]

function open(hostname: string, options: { allowPrivate?: boolean; resolve?: Resolve } = {}) {
  const agent = createSafeAgent({ allowPrivate: false, ...options })
  const signal = AbortSignal.timeout(10_000)
  const download = openDownload(`http://${hostname}:${canary.port}/film.mp4`, {
    ...{ agent, maxBytes: 100, signal },
  })
  return download
    .then(({ body }) => body.text())
    .catch((error: unknown) => (error instanceof Error && 'code' in error ? error.code : error))
    .finally(() => agent.destroy())
}

test.for([...loopback, ...elsewhere])('%s is refused without a connection', async (hostname) => {
  expect(await unseen(() => open(hostname))).toBe('source_forbidden')
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
    const resolve = addresses(...list)
    expect(await unseen(() => open('film.test', { resolve }))).toBe('source_forbidden')
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
      ...{ agent, maxBytes: 100, signal: AbortSignal.timeout(10_000) },
    })
    expect(await body.text()).toBe('film')
    await agent.destroy()
  })

  test('that does not exist is not asked for again', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    const agent = createSafeAgent({ allowPrivate: false, resolve })
    const options = { agent, maxBytes: 100, signal: AbortSignal.timeout(10_000) }
    await expect(openDownload('http://film.test/', options)).rejects.toMatchObject({
      name: 'PermanentError',
      code: 'source_not_found',
      message: 'the host of the source does not exist',
    })
    await agent.destroy()
  })
})

/** Reaches the server `open` as if it were public, which cannot be had in a test; all else through the guard. */
function outsideAgent(open: Source, isOutside: () => boolean = () => true, resolve?: Resolve) {
  const safe = createSafeAgent({ allowPrivate: false, ...(resolve && { resolve }) })
  const free = createSafeAgent({ allowPrivate: true, ...(resolve && { resolve }) })
  const agent = safe.compose(
    (dispatch) => (options, handler) =>
      new URL(String(options.origin)).port === String(open.port) && isOutside()
        ? free.dispatch(options, handler)
        : dispatch(options, handler),
  )
  const end = async () => void (await Promise.all([safe.destroy(), free.destroy()]))
  return { agent, [Symbol.asyncDispose]: end }
}

const inward = [
  ...['http://127.0.0.1', 'http://[::1]', 'http://localhost', '//0x7f000001'],
  ...['http://169.254.169.254', 'http://[::ffff:a9fe:a9fe]', 'http://2852039166', '//0'],
]
const forbidden = { name: 'PermanentError', code: 'source_forbidden' }

test.for(inward)('a public server that redirects to %s is refused there', async (place) => {
  const location = `${place}:${canary.port}/secret`
  await using open = await startSource((_, response) => response.writeHead(302, { location }).end())
  await using outside = outsideAgent(open)
  const options = { agent: outside.agent, maxBytes: 100, signal: AbortSignal.timeout(10_000) }
  const attack = () => openDownload(open.url('/film'), options).catch((error: unknown) => error)
  expect(await unseen(attack)).toMatchObject(forbidden)
  expect(open.requests).toHaveLength(1)
})

test('a redirect to an address with a zone is no URL', async () => {
  const location = `http://[fe80::1%25lo]:${canary.port}/secret`
  await using open = await startSource((_, response) => response.writeHead(302, { location }).end())
  await using outside = outsideAgent(open)
  const options = { agent: outside.agent, maxBytes: 100, signal: AbortSignal.timeout(10_000) }
  const attack = () => openDownload(open.url('/film'), options).catch((error: unknown) => error)
  expect(await unseen(attack)).toMatchObject({ code: 'source_refused' })
})

describe('a download that goes on is guarded as at its beginning', () => {
  const film = Buffer.alloc(1_000_000, 1)
  /** Breaks off, and is read to the end with `agent`. */
  async function readOn(url: string, agent: Dispatcher): Promise<unknown> {
    const options = { agent, maxBytes: film.length, signal: AbortSignal.timeout(10_000) }
    try {
      const first = await openDownload(url, options)
      const reopen: Reopen = (rest) => openDownload(url, { ...options, rest })
      const manner = { signal: options.signal, onBreak: () => {}, pauseMs: 1 }
      for await (const _ of wholeBody(first, reopen, manner));
      return 'read'
    } catch (error) {
      return error
    }
  }

  test.for(inward)('a redirect to %s is refused', async (place) => {
    const location = `${place}:${canary.port}/secret`
    await using open = await startAnswers(serveRanges({ body: film, cutAt: 600_000 }), (_, response) =>
      response.writeHead(302, { location }).end(),
    )
    await using outside = outsideAgent(open)
    expect(await unseen(() => readOn(open.url('/film'), outside.agent))).toMatchObject(forbidden)
    expect(open.asked[1]?.range).toMatch(/^bytes=\d+-$/)
  })

  test('a name that was public at the beginning and is not now is refused', async () => {
    await using open = await startAnswers(
      serveRanges({ body: film, cutAt: 600_000 }),
      serveRanges({ body: film }),
    )
    const resolve: Resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    await using outside = outsideAgent(open, () => open.asked.length === 0, resolve)
    const url = `http://film.test:${open.port}/film`
    expect(await unseen(() => readOn(url, outside.agent))).toMatchObject(forbidden)
    expect([open.asked.length, open.connections()]).toEqual([1, 1])
  })
})

describe('the courier as it is configured', () => {
  test('refuses private addresses unless told otherwise, and goes on', async () => {
    await using system = await createCourierSystem({
      courier: true,
      overrides: { FETCH_PRIVATE_ADDRESSES: '' },
    })
    for (const hostname of ['127.0.0.1', 'localhost']) {
      const url = `http://${hostname}:${canary.port}/film.mp4`
      const video = await unseen(() => system.fetched(url))
      expect(video).toMatchObject({ status: 'failed', error_code: 'source_forbidden', attempt: 0 })
      expect(video.error_message).toBe('the source lies at an address that is not public')
      expect(await system.kept(video.id)).toEqual([])
    }
  })
})
