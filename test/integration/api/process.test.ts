import { expect, test } from 'vitest'
import { createTestSystem } from '../../support/system.ts'
import { openEvents } from './event-client.ts'

test('on SIGTERM open streams end, the process exits with 0, and no log line held a signature', async () => {
  await using system = await createTestSystem({ workers: 0, environment: { LOG_LEVEL: 'debug' } })
  const upload = await fetch(`${system.baseUrl}/uploads`, { method: 'POST' })
  expect(await upload.text()).toContain('X-Amz-Signature')
  await fetch(`${system.baseUrl}/videos?cursor=secret-cursor`)
  await using events = await openEvents(`${system.baseUrl}/progress`)
  const started = Date.now()
  system.api.kill('SIGTERM')
  expect(await events.rest()).toEqual([])
  expect(await system.api.exited).toBe('exit code 0')
  expect(Date.now() - started).toBeLessThan(4_000)
  expect(system.logs()).toContain('"path":"/videos"')
  expect(system.logs()).not.toMatch(/X-Amz|secret-cursor/)
})
