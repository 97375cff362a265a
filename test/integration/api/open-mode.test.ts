import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createKey } from '../../../src/auth/api-keys.ts'
import { commandLine } from '../../support/command-line.ts'
import { createTestSystem } from '../../support/system.ts'
import { startApi } from './api-under-test.ts'
import { openEvents } from './event-client.ts'
import { bearer, untilClosed, videoOf } from './keyed-api.ts'

test('the first key ends the open time of an API that runs, with its streams, and revoking it does not bring it back', async () => {
  await using api = await startApi()
  const before = await videoOf(api.sql, 'default', { status: 'processing' })
  await using events = await openEvents(`${api.url}/progress`)
  expect((await events.next()).data.video_id).toBe(before)
  expect((await api.ask('/session')).body).toMatchObject({ key_id: null, owner: 'default' })

  const { text } = await createKey(api.sql, {
    ...{ name: 'first', owner: 'default', scopes: ['read'], expiresInS: null },
  })
  await untilClosed(api)
  await events.rest()
  // What was made before is of the owner that keys have who name none.
  expect((await api.ask(`/videos/${before}`, { headers: bearer(text) })).status).toBe(200)
  await api.sql`update api_keys set revoked_at = now()`
  await sleep(2_500)
  expect((await api.request('/videos')).status).toBe(401)
}, 60_000)

test('beyond its own machine an API listens once a key is made on the command line', async () => {
  await using system = await createTestSystem({ workers: 0 })
  const { DATABASE_URL = '', REDIS_URL = '' } = system.environment
  const run = commandLine({ DATABASE_URL, REDIS_URL })
  // No name of this machine's own to a careful reader, though it leads there.
  const starting = system.startApi({ environment: { HOST: '127.1', ALLOW_DEFAULT_CREDENTIALS: 'true' } })
  while (!system.logs().includes('not listening beyond this machine')) await sleep(50)
  expect(system.logs()).toContain('stepladder keys create --name <name>')

  const empty = await run('keys', 'list')
  expect([empty.exitCode, empty.stdout]).toEqual([0, ''])
  const made = await run(
    'keys',
    'create',
    '--name',
    'laptop',
    '--scopes',
    'read,submit,admin',
    '--expires',
    '2h',
  )
  expect(made.exitCode, made.stderr).toBe(0)
  expect(made.stdout).toMatch(/^[0-9a-f]{16}\.[\w-]{43}\n$/)
  expect(made.stderr).toContain('it is not shown again')
  const key = made.stdout.trim()

  const { baseUrl } = await starting
  expect((await fetch(`${baseUrl}/videos`)).status).toBe(401)
  expect((await fetch(`${baseUrl}/videos`, { headers: bearer(key) })).status).toBe(200)

  const client = { STEPLADDER_API: baseUrl, STEPLADDER_KEY: key }
  expect(await commandLine(client)('list', '--json')).toMatchObject({ exitCode: 0 })
  expect(await commandLine(client)('workers', '--json')).toMatchObject({ exitCode: 0 })
  const refused = await commandLine({ STEPLADDER_API: baseUrl })('list')
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/HTTP 401, unauthenticated\)\s+\(STEPLADDER_KEY is the key/),
  ])

  const listed = await run('keys', 'list', '--json')
  const [row] = JSON.parse(listed.stdout).keys
  expect(row).toMatchObject({
    name: 'laptop',
    owner: 'default',
    scopes: ['read', 'submit', 'admin'],
    revoked_at: null,
  })
  expect(listed.stdout).not.toContain(key.split('.')[1])
  expect((await run('keys', 'revoke', row.id, 'feedfeedfeedfeed')).exitCode).toBe(1)
  await expect.poll(async () => (await fetch(`${baseUrl}/videos`, { headers: bearer(key) })).status).toBe(401)
  expect((await run('keys', 'list')).stdout).toMatch(/laptop.*revoked/)
  expect(system.logs()).not.toContain(key.split('.')[1])
}, 120_000)

test.each([
  [['keys', 'create'], 2],
  [['keys', 'create', '--name', ' '], 2],
  [['keys', 'create', '--name', 'x', '--scopes', 'read,root'], 2],
  [['keys', 'create', '--name', 'x', '--owner', 'a b'], 2],
  [['keys', 'create', '--name', 'x', '--expires', '0d'], 2],
  [['keys', 'create', '--name', 'x', '--expires', 'soon'], 2],
  [['keys', 'revoke'], 2],
  [['keys', 'list'], 1],
])('%j without a database is refused with %i', async (args, exitCode) => {
  const answer = await commandLine({})(...args)
  expect([answer.exitCode, answer.stdout]).toEqual([exitCode, ''])
  expect(answer.stderr).not.toBe('')
})
