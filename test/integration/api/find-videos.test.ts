import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listVideos } from '../../../src/jobs/read-videos.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'
import { planOf } from './plan-of.ts'
import { insertVideo, smallPlan } from './rows.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  await api.sql`delete from videos`
})

type Line = { id: string; title: string | null }

async function titles(query: Record<string, string>): Promise<(string | null)[]> {
  const { status, body } = await api.ask(`/videos?${new URLSearchParams(query)}`)
  expect(status).toBe(200)
  return body.videos.map(({ title }: Line) => title)
}

describe('a search by title', () => {
  test.each([
    ['summer', ['The Summer of 2024']],
    ['SUMMER', ['The Summer of 2024']],
    ['mmer of', ['The Summer of 2024']],
    ['  summer ', ['The Summer of 2024']],
    ['of', ['End of file', 'The Summer of 2024']],
    ['ÉLÈV', ['Les élèves']],
    ['ФИЛЬМ', ['Мой фильм']],
    ['映画', ['映画の夜']],
    ['100%', ['100% cotton']],
    ['%', ['100% cotton']],
    ['a_b', ['a_b']],
    ['_', ['a_b']],
    ['c:\\x', ['c:\\x']],
    [`'); drop table videos; --`, []],
    ['<script>', []],
  ])('for %j finds %j', async (q, found) => {
    for (const title of [
      'The Summer of 2024',
      'End of file',
      'Les élèves',
      'Мой фильм',
      '映画の夜',
      '100% cotton',
      '1000 cotton',
      'a_b',
      'axb',
      'c:\\x',
    ])
      await insertVideo(api.sql, { title })
    await insertVideo(api.sql)
    expect((await titles({ q })).sort()).toEqual(found.sort())
  })

  test('goes together with a status, and through pages', async () => {
    const failed = { status: 'failed', error: ['x', 'y'] as [string, string] }
    for (const n of [1, 2, 3]) await insertVideo(api.sql, { title: `Lesson ${n}`, ...failed })
    await insertVideo(api.sql, { title: 'Lesson 4' })
    await insertVideo(api.sql, { title: 'Talk', ...failed })
    const first = await api.ask('/videos?q=lesson&status=failed&limit=2')
    expect(first.body.videos.map(({ title }: Line) => title)).toEqual(['Lesson 3', 'Lesson 2'])
    const link = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const second = await api.ask(link)
    expect(second.body.videos.map(({ title }: Line) => title)).toEqual(['Lesson 1'])
    expect(second.body.next_cursor).toBeNull()
  })

  test('for nothing is the whole listing', async () => {
    await insertVideo(api.sql, { title: 'One' })
    expect(await titles({ q: '' })).toEqual(['One'])
    expect(await titles({ q: '   ' })).toEqual(['One'])
  })

  test.each([
    ['201 characters', `q=${'x'.repeat(201)}`, 'q'],
    ['10,000 characters', `q=${'x'.repeat(10_000)}`, 'q'],
    ['a character that no text has', 'q=a%00b', 'q'],
    ['two searches', 'q=one&q=two', 'q'],
    ['two statuses', 'status=failed&status=queued', 'status'],
    ['two limits', 'limit=2&limit=3', 'limit'],
  ])('refuses %s', async (_, query, path) => {
    const { status, body } = await api.ask(`/videos?${query}`)
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'invalid_request', path])
  })
})

test('among 100,000 videos a search looks up what is rare, walks along age for what is common, and ends if short', async () => {
  await api.sql`
    insert into videos (id, source_kind, status, title, created_at)
    select gen_random_uuid(), 'url', case when n % 100 = 0 then 'failed' else 'completed' end,
      'Lesson ' || n || case when n = 90000 then ' zebra' else '' end, now() - n * interval '1 s'
    from generate_series(1, 100000) n`
  await api.sql`analyze videos`
  const search = (words: string, status: 'failed' | null = null) =>
    planOf(
      api,
      (sql) => listVideos(sql, { status, search: words, after: null, limit: 20 }),
      'analyze, timing off',
    )

  for (const rare of ['zebra', 'ZEBRA', 'son 90000']) {
    const plan = await search(rare)
    expect(plan).toContain('Bitmap Index Scan on videos_by_title')
    expect(plan).not.toContain('Seq Scan on videos')
    expect(plan).toMatch(/^Limit .*actual rows=1 /)
  }
  const common = await search('lesson')
  expect(common).toContain('Index Scan using videos_by_age')
  expect(rowsRead(common)).toBe(21)
  for (const [short, status, most] of [
    ['zq', null, 20_000],
    ['q', 'failed', 1_000],
  ] as const) {
    const plan = await search(short, status)
    expect(plan).toMatch(/Index Scan using videos_by_(age|status)/)
    expect(plan).not.toContain('Seq Scan on videos')
    expect(rowsRead(plan)).toBe(most)
  }
}, 120_000)

/** The rows that the scans of the table met. */
function rowsRead(plan: string): number {
  const scans = [...plan.matchAll(/Scan using videos_by_\w+ .*actual rows=(\d+)/g)]
  const removed = [...plan.matchAll(/Rows Removed by Filter: (\d+)/g)]
  return Math.max(...[...scans, ...removed].map(([, rows]) => Number(rows)))
}

describe('videos by their ids', () => {
  const unknown = '01a1fd8b-7757-71bc-923e-4f62b2894ab8'

  test('are those that exist, each once and the latest first, whatever case the ids are in', async () => {
    const first = await insertVideo(api.sql, { title: 'First' })
    const second = await insertVideo(api.sql, { title: 'Second' })
    await insertVideo(api.sql, { title: 'Third' })
    const { status, body } = await api.ask(`/videos?ids=${first},${unknown},${second.toUpperCase()},${first}`)
    expect([status, body.next_cursor]).toEqual([200, null])
    expect(body.videos.map(({ title }: Line) => title)).toEqual(['Second', 'First'])
    expect(body.videos[0]).not.toHaveProperty('plan')
    expect((await api.ask(`/videos?ids=${unknown}`)).body.videos).toEqual([])
  })

  test('come all of a hundred at once', async () => {
    const ids = await Promise.all(Array.from({ length: 100 }, () => insertVideo(api.sql)))
    expect((await api.ask(`/videos?ids=${ids.join(',')}`)).body.videos).toHaveLength(100)
  })

  test('are told apart by search and status, so that a page need not know the rules', async () => {
    const one = await insertVideo(api.sql, { title: 'Summer' })
    const two = await insertVideo(api.sql, { title: 'Summer', status: 'processing' })
    const three = await insertVideo(api.sql, { title: 'Winter' })
    const ids = [one, two, three].join(',')
    const found = await api.ask(`/videos?ids=${ids}&q=SUMMER&status=queued`)
    expect(found.body.videos.map(({ id }: Line) => id)).toEqual([one])
  })

  test('in full are as each by itself', async () => {
    const id = await insertVideo(api.sql, { plan: smallPlan() })
    const [full] = (await api.ask(`/videos?ids=${id}&full=true`)).body.videos
    const { timings, ...single } = (await api.ask(`/videos/${id}`)).body
    expect(full).toMatchObject(single)
    expect(Object.keys(full).sort()).toEqual([...Object.keys(single), 'timings'].sort())
    expect([full.plan.segment_s, full.queue_position, timings.total_s]).toEqual([4, 1, null])
  })

  test.each([
    ['a word', 'ids=film', 'ids.0'],
    ['nothing', 'ids=', 'ids.0'],
    ['a comma at the end', `ids=${unknown},`, 'ids.1'],
    ['101 of them', `ids=${Array.from({ length: 101 }, () => unknown).join(',')}`, 'ids'],
    ['two lists', `ids=${unknown}&ids=${unknown}`, 'ids'],
    ['a limit', `ids=${unknown}&limit=5`, 'limit'],
    ['a cursor', `ids=${unknown}&cursor=abc`, 'cursor'],
    ['half an answer', `ids=${unknown}&full=yes`, 'full'],
    ['no ids at all, in full', 'full=true', 'full'],
  ])('refuse %s', async (_, query, path) => {
    const { status, body } = await api.ask(`/videos?${query}`)
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'invalid_request', path])
  })
})
