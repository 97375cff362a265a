import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { submitJob } from '../../src/cli/client/submit.ts'
import { serve, startSource } from '../integration/courier/source-server.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem } from '../support/system.ts'

const environment = {
  LOG_LEVEL: 'trace',
  FETCH_PRIVATE_ADDRESSES: 'true',
  MAX_ATTEMPTS: '1',
  RETRY_BASE_MS: '100',
}
const secrets = /hush|X-Amz-(Signature|Credential|Security-Token)=(?!<hidden>)|Signature=[0-9a-f]{64}/i

test('whatever goes well or wrong, no line of any process and no row of a run holds what lets somebody in', async () => {
  await using system = await createTestSystem({ workers: 1, courier: true, environment })
  const film = await clip({ seconds: 2, width: 320, height: 180 })
  const bytes = await readFile(film)
  await using good = await startSource(serve(bytes))
  await using bad = await startSource((_, response) => response.writeHead(403).end('hush'))

  const post = async (path: string, body: object) => {
    const response = await fetch(`${system.baseUrl}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer hush-hush-hush-hush' },
      body: JSON.stringify(body),
    })
    await response.body?.cancel()
  }
  const put = (key: string, body: Buffer) =>
    system.storage.put(key, body, {
      contentType: 'application/octet-stream',
      signal: AbortSignal.timeout(10_000),
    })
  const submit = (source: { key: string } | { url: string }) =>
    submitJob(system.baseUrl, { source, title: 'a film' })
  const withSecrets = (url: string) => ({
    url: url.replace('//', '//me:hush-password@').concat('?X-Amz-Signature=hush&token=hush'),
  })

  const made = await submitFile(system, film)
  const fetched = await submit(withSecrets(good.url('/film.mp4')))
  const refused = await submit(withSecrets(bad.url('/film.mp4')))
  const nowhere = await submit(withSecrets('http://127.0.0.1:1/film.mp4'))
  // ffmpeg prints the whole address of a source that is damaged, or another one by now.
  const damaged = Buffer.concat([bytes.subarray(0, bytes.length / 2), Buffer.alloc(20_000, 7)])
  await put('source/damaged', damaged)
  const broken = await submit({ key: 'source/damaged' })
  await put('source/changed', damaged)
  const changed = await submit({ key: 'source/changed' })
  await put('source/changed', damaged.subarray(1))
  await post('/probe', { source: { key: 'source/damaged' } })
  await post('/uploads?X-Amz-Signature=hush', { filename: 'hush' })
  // Pasted into a path by mistake, which is logged: the scrubber is all that stands before them.
  const key = `0123456789abcdef.${'hush-'.repeat(9).slice(0, 43)}`
  const pasted = [key, 'eyJhbGciOiJIUzI1NiJ9.eyJodXNo.hush', 'whsec_hush-hush', 'X-Amz-Signature=hush']
  for (const secret of pasted) await (await fetch(`${system.baseUrl}/videos/${secret}`)).text()

  // Neighbours that are away or refuse, under passwords of their own.
  const away = {
    DATABASE_URL: 'postgres://me:hush-database@127.0.0.1:1/x',
    REDIS_URL: 'redis://:hush-redis@127.0.0.1:1',
    S3_SECRET_KEY: 'hush-store-key',
  }
  const { app, baseUrl } = await system.startApi({ environment: away })
  for (const path of ['/videos', '/readyz', '/system']) await (await fetch(`${baseUrl}${path}`)).text()
  await app.logged('request failed')

  const ends = await Promise.all(
    [made, fetched, refused, nowhere, broken, changed].map(({ id }) => untilEnded(system, id)),
  )
  expect(ends.slice(0, 2).map(({ status }) => status)).toEqual(['completed', 'completed'])
  expect(ends.slice(2).map(({ status }) => status)).toEqual(Array(4).fill('failed'))

  const lines = system.logs().split('\n')
  expect(lines.length).toBeGreaterThan(50)
  expect(lines.filter((line) => line.includes('"level":"debug"')).length).toBeGreaterThan(10)
  const scrubbed = lines.filter((line) => /"path":"[^"]*<hidden>/.test(line))
  expect(scrubbed).toHaveLength(pasted.length)
  expect(lines.filter((line) => secrets.test(line))).toEqual([])
  expect(lines.filter((line) => line.includes(system.config.S3_SECRET_KEY))).toEqual([])
  const rows = await system.sql<{ text: string }[]>`select row_to_json(r)::text as text from task_runs r`
  expect(rows.length).toBeGreaterThan(6)
  expect(rows.filter(({ text }) => secrets.test(text))).toEqual([])
})
