import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { createTestSystem } from '../../support/system.ts'
import { openEvents } from './event-client.ts'

test('on SIGTERM open streams end, the process exits with 0, and no log line held a signature', async () => {
  await using system = await createTestSystem({ workers: 0, environment: { LOG_LEVEL: 'debug' } })
  const upload = await fetch(`${system.baseUrl}/uploads`, { method: 'POST' })
  const text = await upload.text()
  expect(text).toContain('X-Amz-Signature')
  const body = '{ "method": "PUT", "upload_id": "secret-upload", "part_number": 1 }'
  const headers = { 'content-type': 'application/json' }
  const sign = `${system.baseUrl}/uploads/${JSON.parse(text).id}/sign`
  expect((await fetch(sign, { method: 'POST', headers, body })).status).toBe(200)
  await fetch(`${system.baseUrl}/videos?cursor=secret-cursor`)
  await using events = await openEvents(`${system.baseUrl}/progress`)
  const started = Date.now()
  system.api.kill('SIGTERM')
  expect(await events.rest()).toEqual([])
  expect(await system.api.exited).toBe('exit code 0')
  expect(Date.now() - started).toBeLessThan(4_000)
  expect(system.logs()).toContain('"path":"/videos"')
  expect(system.logs()).not.toMatch(/X-Amz|secret-cursor|secret-upload/)
})

test('migrate says what became of the CORS rule, which it may fail to set, and succeeds', async () => {
  await using system = await createTestSystem({ workers: 0 })
  expect(system.logs()).toMatch(/"cors":"(set|unsupported)","origins":\["\*"\]/)
})

test('a client that goes away in the middle of its request is no fault of ours, and one that goes after it has its job', async () => {
  await using system = await createTestSystem({ workers: 0, environment: { LOG_LEVEL: 'debug' } })
  async function leave(path: string, head: string, body: string) {
    const socket = connect(Number(new URL(system.baseUrl).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${head}\r\n\r\n${body}`,
    )
    socket.destroySoon()
    const { status } = await system.api.logged((entry) => entry.msg === 'request' && entry.path === path)
    return status
  }
  expect(await leave('/uploads', 'Content-Length: 100', '{"so')).toBe(400)
  const job = JSON.stringify({ source: { url: 'http://example.org/film.mp4' } })
  expect(await leave('/jobs', `Content-Length: ${job.length}`, job)).toBe(201)
  expect(await system.sql`select from videos`).toHaveLength(1)
  expect(await system.sql`select from uploads`).toHaveLength(0)
  expect(system.logs()).not.toMatch(/"level":"(warn|error)"/)
})
