import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { defaultOwner } from '../../src/auth/scopes.ts'
import { completedVideoOf } from '../../test/integration/api/keyed-api.ts'
import { insertSegment, insertTask, insertVideo, smallPlan } from '../../test/integration/api/rows.ts'
import { shortClip } from '../../test/support/fixtures.ts'
import type { TestSystem } from '../../test/support/start-system.ts'
import type { Things } from './http/mutation.ts'

const keys = { film: 'source/film', noise: 'source/fuzz' }

/** Makes what requests can name, with this API key; `made` are the videos that did not come through the API. */
export async function createMaker(system: TestSystem, key: string) {
  const made = new Set<string>()
  const ask = createClient(system.baseUrl, key)
  await putSources(system)

  async function makeThings(): Promise<Things> {
    await removeWebhooks(ask)
    const webhooks = await several(3, (n) => makeOne(ask, '/webhooks', { url: `https://example.com/${n}` }))
    const noise = await several(4, () => makeOne(ask, '/jobs', { source: { key: keys.noise } }))
    const fetched = await several(4, () =>
      makeOne(ask, '/jobs', { source: { url: 'https://example.org/a' } }),
    )
    const uploads = await several(4, () => makeOne(ask, '/uploads', {}))
    const playable = await makePlayable(system)
    for (const id of playable) made.add(id)
    const sent = await several(2, () => makeOne(ask, `/webhooks/${webhooks[0]?.id}/test`, {}))
    const idsOf = (ones: readonly { id: string }[]) => ones.map(({ id }) => id)
    return {
      ids: { videos: idsOf([...noise, ...fetched]), uploads: idsOf(uploads), webhooks: idsOf(webhooks) },
      keys: [keys.noise, keys.noise, keys.film, ...uploads.flatMap((upload) => upload.key ?? [])],
      playable,
      secrets: {
        key,
        session: await sessionOf(ask, key),
        token: await tokenOf(ask, playable),
        delivery: sent[0]?.id ?? '',
      },
    }
  }

  return { made, makeThings }
}

type Client = (method: string, path: string, body?: object) => Promise<Response>

function createClient(baseUrl: string, key: string): Client {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
  return async (method, path, body) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(baseUrl + path, { method, headers, ...content })
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`)
    return response
  }
}

const madeSchema = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  key: z.string().optional(),
})

async function makeOne(ask: Client, path: string, body: object): Promise<z.infer<typeof madeSchema>> {
  return madeSchema.parse(await (await ask('POST', path, body)).json())
}

/** One after another, so that their ids are in that order. */
async function several<T>(count: number, make: (number: number) => Promise<T>): Promise<T[]> {
  const all: T[] = []
  for (let number = 0; number < count; number += 1) all.push(await make(number))
  return all
}

/** There may only be so many. */
async function removeWebhooks(ask: Client): Promise<void> {
  const listed = z.object({ webhooks: z.array(z.object({ id: z.string() })) })
  const { webhooks } = listed.parse(await (await ask('GET', '/webhooks')).json())
  for (const { id } of webhooks) await ask('DELETE', `/webhooks/${id}`)
}

/** One that can be looked at, and one that cannot. */
async function putSources({ storage }: TestSystem): Promise<void> {
  const options = { contentType: 'application/octet-stream', signal: AbortSignal.timeout(30_000) }
  await storage.put(keys.noise, Buffer.alloc(1000), options)
  await storage.put(keys.film, readFileSync(await shortClip()), options)
}

/** One that is made at the moment and one that is done, without going there. */
async function makePlayable({ sql }: TestSystem): Promise<string[]> {
  const videoId = await insertVideo(sql, { status: 'processing', plan: smallPlan() })
  const chunk = await insertTask(sql, { videoId, kind: 'video', state: 'running' })
  const sound = await insertTask(sql, { videoId, kind: 'audio', state: 'running' })
  for (const idx of [0, 1]) {
    await insertSegment(sql, { taskId: chunk, idx, tracks: ['360p', '240p'] })
    await insertSegment(sql, { taskId: sound, idx, tracks: ['audio-0'] })
  }
  return [videoId, await completedVideoOf(sql, defaultOwner)]
}

async function sessionOf(ask: Client, key: string): Promise<string> {
  const { headers } = await ask('POST', '/session', { key })
  const [, session] = /=([^;]+)/.exec(headers.get('set-cookie') ?? '') ?? []
  if (session === undefined) throw new Error('a sign-in gave no cookie')
  return session
}

/** Of a link to the last of them, as its links carry it. */
async function tokenOf(ask: Client, ids: readonly string[]): Promise<string> {
  const [, token] = /[?&]token=([\w.-]+)/.exec(await (await ask('GET', `/videos/${ids.at(-1)}`)).text()) ?? []
  if (token === undefined) throw new Error('the links of a video carry no token')
  return token
}
