import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listVideos } from '../../../src/jobs/read-videos.ts'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'
import { planOf } from './plan-of.ts'
import { insertTask, insertVideo } from './rows.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  await api.sql`delete from videos`
})

const unknown = '01a1fd8b-7757-71bc-923e-4f62b2894ab8'
const post = (path: string) => api.ask(path, { method: 'POST' })

async function submitted(): Promise<{ id: string; key: string }> {
  const key = await putObject(api, `source/${crypto.randomUUID()}`, 'a film')
  const { body } = await api.ask('/jobs', { json: { source: { key } } })
  return { id: body.id, key }
}

async function statusOf(id: string): Promise<string> {
  return (await api.ask(`/videos/${id}`)).body.status
}

describe('an address with an id', () => {
  const routes = [
    '',
    '/events',
    '/runs',
    '/hls/master.m3u8',
    '/hls/360p.m3u8',
    '/mp4/360p',
    '/cancel',
    '/retry',
  ]
  const methodOf = (route: string) => (/cancel|retry/.test(route) ? 'POST' : 'GET')

  test.each([...routes.map((route) => `/videos/:id${route}`), '/progress/:id'])(
    '%s tells an id that is no UUID (400) from one nobody has (404)',
    async (route) => {
      const init = { method: methodOf(route) }
      const bad = await api.ask(route.replace(':id', 'film'), init)
      expect([bad.status, bad.body.code, bad.body.detail]).toEqual([
        400,
        'invalid_id',
        'The id in the address is no UUID.',
      ])
      const none = await api.ask(route.replace(':id', unknown), init)
      expect(none.status).toBe(404)
      expect(none.body.code).toBe(route.includes('mp4') ? 'mp4_not_found' : 'video_not_found')
    },
  )

  test('takes capital letters for the same id', async () => {
    const id = await insertVideo(api.sql)
    expect((await api.ask(`/videos/${id.toUpperCase()}`)).body.id).toBe(id)
  })
})

test('an address nobody serves is 404, one served for another method 405 with Allow', async () => {
  const none = await api.ask('/nothing/here')
  expect([none.status, none.body.code, none.body.detail]).toEqual([
    404,
    'route_not_found',
    'There is nothing at /nothing/here.',
  ])
  const other = await api.ask('/jobs')
  expect([other.status, other.body.code, other.headers.get('allow')]).toEqual([
    405,
    'method_not_allowed',
    'POST',
  ])
})

test('a video shows its rungs, tracks, error, times and place in the queue', async () => {
  await insertVideo(api.sql)
  const id = await insertVideo(api.sql, { title: 'Second' })
  await insertVideo(api.sql, { priority: 'low' })
  await api.sql`insert into resolutions (video_id, name, position, width, height, fps, max_bitrate_bps, mp4_key, mp4_size_bytes)
    values (${id}, '360p', 0, 640, 360, '30000/1001', 800000, 'processed/x', 123456789012)`
  await api.sql`insert into tracks (video_id, kind, position, name, language) values (${id}, 'audio', 0, 'audio-0', 'de')`
  const { body } = await api.ask(`/videos/${id}`)
  expect(body).toMatchObject({ queue_position: 2, tasks: { total: 4, done: 0 }, error: null, plan: null })
  expect(body.resolutions).toEqual([
    expect.objectContaining({
      name: '360p',
      fps: '30000/1001',
      state: 'planned',
      max_bitrate_bps: 800_000,
      mp4_url: `/videos/${id}/mp4/360p`,
      mp4_size_bytes: 123_456_789_012,
    }),
  ])
  expect(body.tracks).toEqual([expect.objectContaining({ name: 'audio-0', kind: 'audio', language: 'de' })])
  expect(body.timings).toEqual({ queued_s: expect.any(Number), processing_s: null, total_s: null })

  await api.sql`update videos set status = 'failed', error_code = 'no_video', error_message = 'Nothing to see.',
    started_at = created_at + interval '2 s', completed_at = created_at + interval '5 s' where id = ${id}`
  const failed = (await api.ask(`/videos/${id}`)).body
  expect(failed.error).toEqual({ code: 'no_video', message: 'Nothing to see.' })
  expect(failed.timings).toEqual({ queued_s: 2, processing_s: 3, total_s: 5 })
  expect(failed.queue_position).toBeNull()
})

describe('the listing', () => {
  test('goes through all videos, each once and the latest first, also those of the same instant', async () => {
    const ids: string[] = []
    for (let n = 0; n < 7; n++) ids.push(await insertVideo(api.sql))
    await api.sql`update videos set created_at = '2026-01-01 00:00:00.123456Z'`
    const seen: string[] = []
    let path: string | null = '/videos?limit=3'
    for (let page = 0; path && page < 5; page++) {
      const answer = await api.ask(path)
      seen.push(...answer.body.videos.map((video: { id: string }) => video.id))
      const link = answer.headers.get('link')
      path = link ? (/^<(.*)>; rel="next"$/.exec(link)?.[1] ?? null) : null
      expect(path === null).toBe(answer.body.next_cursor === null)
    }
    expect(seen).toEqual(ids.sort().reverse())
  })

  test('keeps to a status through its pages', async () => {
    for (let n = 0; n < 3; n++) await insertVideo(api.sql, { status: 'failed', error: ['x', 'y'] })
    await insertVideo(api.sql)
    const first = await api.ask('/videos?status=failed&limit=2')
    expect(first.headers.get('link')).toContain('status=failed')
    const second = await api.ask(`/videos?status=failed&limit=2&cursor=${first.body.next_cursor}`)
    expect([first.body.videos.length, second.body.videos.length]).toEqual([2, 1])
    expect(second.body.next_cursor).toBeNull()
  })

  test('leaves out the plan, which is long', async () => {
    await insertVideo(api.sql)
    expect((await api.ask('/videos')).body.videos[0]).not.toHaveProperty('plan')
  })

  test.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=ten', 'limit'],
    ['status=done', 'status'],
    ['cursor=abc', 'cursor'],
    [`cursor=${Buffer.from('["2026-01-01","x"]').toString('base64url')}`, 'cursor'],
    // PostgreSQL has no year 0.
    [`cursor=${Buffer.from(`["0000-01-01T00:00:00.123456Z","${unknown}"]`).toString('base64url')}`, 'cursor'],
    ['page=2', 'page'],
  ])('refuses ?%s', async (query, path) => {
    const { status, body } = await api.ask(`/videos?${query}`)
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'invalid_request', path])
  })

  test('reads from an index and no further than the page among 100,000 videos', async () => {
    await api.sql`
      insert into videos (id, source_kind, status, created_at)
      select gen_random_uuid(), 'url', case when n % 100 = 0 then 'failed' else 'completed' end, now() - n * interval '1 s'
      from generate_series(1, 100000) n`
    await api.sql`analyze videos`
    for (const status of [null, 'failed', 'completed'] as const) {
      const after = { createdAt: new Date(Date.now() - 3_600_000).toISOString(), id: unknown }
      for (const place of [null, after]) {
        const plan = await planOf(api, (sql) =>
          listVideos(sql, { status, search: null, after: place, limit: 20 }),
        )
        expect(plan).not.toMatch(/Seq Scan on videos|Sort Key: v\.created_at/)
        expect(plan).toMatch(/Index Scan using videos_by_(age|status)/)
      }
    }
  })
})

describe('cancel', () => {
  test('ends the video at once and answers with it', async () => {
    const { id } = await submitted()
    const { status, body } = await post(`/videos/${id}/cancel`)
    expect([status, body.status, body.error]).toEqual([200, 'cancelled', null])
    expect(await api.sql`select state from tasks where video_id = ${id}`).toEqual([{ state: 'cancelled' }])
  })

  test.each(['completed', 'failed', 'cancelled'])(
    'is refused with 409 when the video is %s',
    async (state) => {
      const id = await insertVideo(api.sql, { status: state })
      const { status, body } = await post(`/videos/${id}/cancel`)
      expect([status, body.code, body.detail]).toEqual([
        409,
        'not_cancellable',
        `The video is ${state} already.`,
      ])
    },
  )
})

describe('retry', () => {
  test.each(['queued', 'processing', 'completed'])(
    'is refused with 409 when the video is %s',
    async (state) => {
      const id = await insertVideo(api.sql, { status: state })
      const { status, body } = await post(`/videos/${id}/retry`)
      expect([status, body.code]).toEqual([409, 'not_retryable'])
      expect(body.detail).toBe('Only a failed or cancelled video can be tried again.')
      expect(await statusOf(id)).toBe(state)
    },
  )

  test('queues a cancelled video again, wakes the dispatcher and keeps the pinned source', async () => {
    const { id } = await submitted()
    await post(`/videos/${id}/cancel`)
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    const listening = await api.sql.listen('stepladder_dispatch', () => resolve())
    const { status, body } = await post(`/videos/${id}/retry`)
    expect([status, body.status]).toEqual([200, 'queued'])
    await woken
    await listening.unlisten()
    const [video] = await api.sql`select generation from videos where id = ${id}`
    expect(video?.generation).toBe(1)
  })

  test('starts over when the source is another object now, and pins that', async () => {
    const { id, key } = await submitted()
    await post(`/videos/${id}/cancel`)
    await putObject(api, key, 'another film')
    const { body } = await post(`/videos/${id}/retry`)
    expect(body.source.size_bytes).toBe(12)
    const [video] = await api.sql`select generation, source_etag from videos where id = ${id}`
    expect(video).toEqual({ generation: 2, source_etag: (await api.storage.head(key))?.etag })
  })

  test('is refused with 409 when the source is gone', async () => {
    const { id, key } = await submitted()
    await post(`/videos/${id}/cancel`)
    await api.storage.remove([key])
    const { status, body } = await post(`/videos/${id}/retry`)
    expect([status, body.code]).toEqual([409, 'source_not_found'])
    expect(body.detail).toBe(`There is no object ${key} in the bucket.`)
    expect(await statusOf(id)).toBe('cancelled')
  })
})

test('a deleted video is gone with its rows, and deleting it again is 404', async () => {
  const { id } = await submitted()
  expect((await api.ask(`/videos/${id}`, { method: 'DELETE' })).status).toBe(204)
  expect((await api.ask(`/videos/${id}`)).status).toBe(404)
  expect((await api.ask(`/videos/${id}`, { method: 'DELETE' })).body.code).toBe('video_not_found')
  expect(await api.sql`select from tasks where video_id = ${id}`).toHaveLength(0)
})

test('the timeline merges events with the runs of tasks in order of time', async () => {
  const { id } = await submitted()
  const [task] = await api.sql<{ id: number }[]>`select id from tasks where video_id = ${id}`
  await api.sql`insert into task_runs (task_id, fence, worker_id, ended_at, outcome, error)
    values (${task?.id ?? 0}, 1, 'w1', clock_timestamp(), 'failed',
            ${api.sql.json({ code: 'no_video', message: 'Nothing.', stderr: 'no such filter' })})`
  await post(`/videos/${id}/cancel`)
  const { body } = await api.ask(`/videos/${id}/events`)
  expect(body.events.map(({ kind }: { kind: string }) => kind)).toEqual(['submitted', 'run', 'cancelled'])
  expect(body.events[1].data).toMatchObject({ task: 'plan', worker: 'w1', fence: 1, outcome: 'failed' })
  const error = { code: 'no_video', message: 'Nothing.', stderr: 'no such filter' }
  expect(body.events[1].data.error).toEqual(error)
})

test('a video of many tasks is listed without counting them', async () => {
  const id = await insertVideo(api.sql, { status: 'processing' })
  await insertTask(api.sql, { videoId: id, kind: 'video' })
  expect((await api.ask('/videos')).body.videos[0].tasks).toEqual({ total: 4, done: 0 })
})
