import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createProcessGroup } from '../../scripts/stack/processes.ts'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { fencedBlocks } from '../support/documented.ts'
import { clip, textNamedMp4 } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { startReceiver, verified } from '../support/receiver.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const madeSchema = z.looseObject({ id: z.string(), secret: z.string().default('') })
const linksSchema = z.looseObject({
  links: z.looseObject({ self: z.string(), hls: z.string(), poster: z.string() }),
})
const patient = { timeout: 60_000, interval: 100 }

let system: TestSystem
beforeAll(async () => {
  system = await createTestSystem({ courier: true, environment: { FETCH_PRIVATE_ADDRESSES: 'true' } })
})
afterAll(() => system?.dispose())

test('the documented receiver hears how each video ended, and refuses what we did not sign', async () => {
  const { id, secret } = await post('/webhooks', { url: 'http://127.0.0.1:1/' })
  const { heard, url } = await startDocumentedReceiver(secret)
  await change(`/webhooks/${id}`, { url })

  const good = await submitFile(system, await clip({ seconds: 4 }))
  const bad = await submitFile(system, textNamedMp4())
  await Promise.all([untilEnded(system, good.id), untilEnded(system, bad.id)])
  const away = await submitJob(system.baseUrl, { source: { url: 'http://127.0.0.1:1/film.mp4' } })
  await post(`/videos/${away.id}/cancel`)
  const ends = [`video.cancelled ${away.id}`, `video.completed ${good.id}`, `video.failed ${bad.id}`]
  await expect.poll(() => heard().toSorted(), patient).toEqual(ends)

  const forged = { 'webhook-id': 'msg_1', 'webhook-timestamp': `${Math.floor(Date.now() / 1000)}` }
  const headers = { ...forged, 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` }
  expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(400)
  expect(heard()).toHaveLength(3)
})

test('a job tells the address it names, in links that lead to the video', async () => {
  await using receiver = await startReceiver()
  const { secret } = await post('/webhooks', { per_job: true })
  const key = await uploadFile({ baseUrl: system.baseUrl, path: await clip({ seconds: 4 }) })
  const { id } = await post('/jobs', { source: { key }, webhook_url: receiver.url('/done') })
  await untilEnded(system, id)
  const [sent] = await receiver.until(1)
  if (!sent) throw new Error('nothing came')
  const { type, data } = verified(secret, sent)
  expect(type).toBe('video.completed')
  const { links } = linksSchema.parse(data.video)
  for (const path of [links.self, links.hls, links.poster]) {
    expect((await fetch(`${system.baseUrl}${path}`)).status).toBe(200)
  }
})

/** The program of the page, as somebody would copy it, and the lines that it printed since it listens. */
async function startDocumentedReceiver(secret: string): Promise<{ url: string; heard: () => string[] }> {
  const [program] = fencedBlocks('docs/webhooks.md', 'js')
  const processes = createProcessGroup()
  onTestFinished(() => processes.stopAll())
  const lines: string[] = []
  processes.start({
    name: 'receiver',
    command: process.execPath,
    args: ['--input-type=module', '--eval', program?.text ?? ''],
    cwd: join(import.meta.dirname, '../..'),
    environment: { PATH: process.env.PATH, PORT: '0', WEBHOOK_SECRET: secret },
    output: (line) => void lines.push(line),
  })
  await expect.poll(() => lines, patient).toEqual([expect.stringMatching(/^listening on port \d+$/)])
  const port = lines[0]?.split(' ').at(-1)
  return { url: `http://127.0.0.1:${port}/hook`, heard: () => lines.slice(1) }
}

async function change(path: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${system.baseUrl}${path}`, {
    method: 'PATCH',
    body: JSON.stringify(body),
    headers,
  })
  expect(response.status).toBe(200)
}

async function post(path: string, body?: unknown) {
  const headers = { 'content-type': 'application/json' }
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers }
  const response = await fetch(`${system.baseUrl}${path}`, { method: 'POST', ...sent })
  return madeSchema.parse(await response.json())
}
