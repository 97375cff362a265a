import { createKey, revokeKey } from '../../../src/auth/api-keys.ts'
import { type Scope, scopes } from '../../../src/auth/scopes.ts'
import { type Database, json } from '../../../src/db.ts'
import { sendTest } from '../../../src/webhooks/deliveries.ts'
import { createEndpoint } from '../../../src/webhooks/endpoints.ts'
import type { ApiUnderTest } from './api-under-test.ts'
import { insertVideo, smallPlan } from './rows.ts'

export type Keys = Awaited<ReturnType<typeof makeKeys>>

/** Two owners, Anna and Bert, and what keys of Anna's can be. All are `id.secret`. */
export async function makeKeys(sql: Database) {
  const make = (owner: string, wanted: readonly Scope[], expiresInS: number | null = null) =>
    createKey(sql, { name: 'test', owner, scopes: [...wanted], expiresInS })
  const anna = await make('anna', scopes)
  const revoked = await make('anna', scopes)
  await revokeKey(sql, revoked.key.id)
  const expired = await make('anna', scopes)
  await sql`update api_keys set expires_at = now() - interval '1 s' where id = ${expired.key.id}`
  const single = Object.fromEntries(
    await Promise.all(scopes.map(async (scope) => [scope, (await make('anna', [scope])).text] as const)),
  )
  const lacking = Object.fromEntries(
    await Promise.all(
      scopes.map(async (scope) => {
        const others = scopes.filter((other) => other !== scope)
        return [scope, (await make('anna', others)).text] as const
      }),
    ),
  )
  return {
    anna: anna.text,
    annaId: anna.key.id,
    bert: (await make('bert', scopes)).text,
    revoked: revoked.text,
    expired: expired.text,
    wrongSecret: `${anna.key.id}.${'A'.repeat(43)}`,
    unknown: `0123456789abcdef.${'A'.repeat(43)}`,
    single: (scope: Scope) => single[scope] ?? '',
    lacking: (scope: Scope) => lacking[scope] ?? '',
  }
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** The API asks for keys as soon as it has seen one, which is within seconds. */
export async function untilClosed(api: ApiUnderTest): Promise<void> {
  const until = Date.now() + 20_000
  while ((await api.request('/limits')).status !== 401) {
    if (Date.now() > until) throw new Error('the API stayed open')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** A video of this owner in a state of its own. */
export async function videoOf(
  sql: Database,
  owner: string,
  fields: Parameters<typeof insertVideo>[1] = {},
): Promise<string> {
  const id = await insertVideo(sql, fields)
  await sql`update videos set owner = ${owner} where id = ${id}`
  return id
}

/** A completed one with all that can be asked for: a rung with its MP4, a poster, a storyboard. */
export async function completedVideoOf(sql: Database, owner: string): Promise<string> {
  const plan = { ...smallPlan(), audio: [] }
  const id = await videoOf(sql, owner, { status: 'completed', plan, title: `of ${owner}` })
  const init = {
    key: 'processed/x/init.mp4',
    bytes: 700,
    sha256: 'b',
    codec: 'avc1.64001f',
    timescale: 15_360,
  }
  const segments = [
    { key: 'processed/x/0.m4s', bytes: 9, sha256: 'a', duration: 61_440, fragments: [[0, 3, 60, 0]] },
  ]
  const storyboard = {
    vtt_key: 'processed/x/storyboard.vtt',
    sheet_keys: ['processed/x/sheet-0.jpg'],
    ...{ pictures: 1, width: 160, height: 90, columns: 1, rows: 1, every_s: 5, duration_s: 4 },
  }
  await sql`update videos set outputs = ${json(sql, { poster_key: 'processed/x/poster.jpg', storyboard })},
            metadata = '{"course": "secret of the owner"}', completed_at = now(), started_at = now() where id = ${id}`
  await sql`insert into resolutions (video_id, name, position, width, height, fps, max_bitrate_bps, state,
      average_bitrate_bps, peak_bitrate_bps, init, segments, mp4_key, mp4_size_bytes)
    values (${id}, '360p', 0, 640, 360, '30/1', 800000, 'ready', 500000, 700000, ${json(sql, init)},
      ${json(sql, segments)}, 'processed/x/360p.mp4', 9)`
  return id
}

/** A webhook of this owner, the only one, and a delivery of it that is over. */
export async function webhookOf(sql: Database, owner: string): Promise<{ id: string; delivery: number }> {
  await sql`delete from webhook_endpoints where owner = ${owner}`
  const fields = { url: 'https://example.com/anna', events: [], description: null, disabled: false }
  const { endpoint } = await createEndpoint(sql, owner, fields)
  const delivery = await sendTest(sql, endpoint, null)
  await sql`update webhook_deliveries set state = 'failed' where id = ${delivery.id}`
  return { id: endpoint.id, delivery: delivery.id }
}
