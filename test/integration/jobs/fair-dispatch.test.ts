import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chooseWaiting } from '../../../src/jobs/choose-waiting.ts'
import { dispatchTasks } from '../../../src/jobs/dispatch.ts'
import { readVideo } from '../../../src/jobs/read-videos.ts'
import { readWindow } from '../../../src/jobs/window.ts'
import { seeWorker } from '../../../src/jobs/workers.ts'
import { insertBacklog } from '../../support/backlog.ts'
import { explained } from '../../support/explained.ts'
import { type JobsUnderTest, startJobs } from '../../support/jobs-under-test.ts'

let jobs: JobsUnderTest
beforeAll(async () => {
  jobs = await startJobs()
})
afterAll(() => jobs[Symbol.asyncDispose]())
beforeEach(() => jobs.reset())

type Named = { id: number; name: string }

/** What would be announced, as owner, priority, video by age and task within it: `a1.v2.t1`. */
async function next(room: number, slots = 100): Promise<string[]> {
  const rows = await jobs.sql.begin((tx) => chooseWaiting(tx, { room, slots }))
  const named = await jobs.sql<Named[]>`
    select id, concat(owner, priority, '.v', dense_rank() over (partition by owner, priority order by video_at, video_id),
                      '.t', rank) as name from tasks`
  const names = new Map(named.map((task) => [task.id, task.name]))
  return rows.map((row) => names.get(row.id) ?? '')
}

const add = (owner: string, videos: number, tasksEach: number, priority?: 'high' | 'normal' | 'low') =>
  insertBacklog(jobs.sql, { owner, videos, tasksEach, ...(priority && { priority }) })

const setState = (state: 'running' | 'done', where: { owner: string; rank: number }) => jobs.sql`
  update tasks set state = ${state} where owner = ${where.owner} and rank = ${where.rank}`

describe('a turn', () => {
  test('goes to one owner after the other, however much each has waiting', async () => {
    await add('a', 1, 50)
    await add('b', 1, 3)
    expect(await next(6)).toEqual(['a1.v1.t1', 'b1.v1.t1', 'a1.v1.t2', 'b1.v1.t2', 'a1.v1.t3', 'b1.v1.t3'])
  })

  test('goes to an owner, not to a video: many short ones do not outnumber one long one', async () => {
    await add('a', 4, 1)
    await add('b', 1, 4)
    expect((await next(8)).map((name) => name.slice(0, 1)).join('')).toBe('abababab')
  })

  test('goes first to the owner with least at work', async () => {
    await add('a', 1, 5)
    await add('b', 1, 5)
    await setState('running', { owner: 'a', rank: 1 })
    await setState('running', { owner: 'a', rank: 2 })
    await jobs.sql`update tasks set announced_at = now() where owner = 'a' and rank = 3`
    expect(await next(4)).toEqual(['b1.v1.t1', 'b1.v1.t2', 'b1.v1.t3', 'a1.v1.t4'])
  })

  test('goes to one video of an owner after the other, to the older first, each in its own order', async () => {
    await add('a', 2, 3)
    expect(await next(5)).toEqual(['a1.v1.t1', 'a1.v2.t1', 'a1.v1.t2', 'a1.v2.t2', 'a1.v1.t3'])
    await jobs.sql`update tasks set state = 'running' where rank = 1 and video_id = (
      select video_id from tasks order by video_at limit 1)`
    expect(await next(2)).toEqual(['a1.v2.t1', 'a1.v1.t2'])
  })

  test('is shared by as many of the oldest videos as there are slots, so that some get done', async () => {
    await add('a', 20, 3)
    expect(await next(6, 4)).toEqual(['a1.v1.t1', 'a1.v2.t1', 'a1.v3.t1', 'a1.v4.t1', 'a1.v1.t2', 'a1.v2.t2'])
    expect(await next(6, 6)).toContain('a1.v6.t1')
  })

  test('leaves no room empty while anything waits that may run', async () => {
    await add('a', 30, 1)
    await add('a', 1, 500)
    await seeWorker(
      jobs.sql,
      { id: 'w', consumer: 'w', host: 'h', version: '1', build: 'b', slots: 50 },
      false,
    )
    expect(await dispatchTasks(jobs.sql, jobs.stream)).toBe(100)
    expect(await dispatchTasks(jobs.sql, jobs.stream)).toBe(0)
  })
})

describe('priority', () => {
  test('comes before owner and age, within an owner and between owners', async () => {
    await add('a', 1, 2, 'low')
    await add('b', 1, 2)
    await add('a', 1, 2, 'high')
    expect(await next(6)).toEqual(['a0.v1.t1', 'a0.v1.t2', 'b1.v1.t1', 'b1.v1.t2', 'a2.v1.t1', 'a2.v1.t2'])
  })

  test('gets one class better for every ten minutes, while nothing of the video is at work', async () => {
    await add('old', 1, 3, 'low')
    await add('new', 1, 3, 'low')
    await add('n', 1, 1)
    await jobs.sql`update tasks set run_at = now() - interval '11 min' where owner = 'old'`
    expect(await next(3)).toEqual(['n1.v1.t1', 'old2.v1.t1', 'old2.v1.t2'])
    await jobs.sql`update tasks set run_at = now() - interval '21 min' where owner = 'old'`
    expect((await next(3))[0]).toBe('old2.v1.t1')
    await setState('running', { owner: 'old', rank: 1 })
    expect(await next(3)).toEqual(['n1.v1.t1', 'new2.v1.t1', 'old2.v1.t2'])
  })

  test('of high keeps four turns of five against what has risen by its age', async () => {
    await add('h', 1, 20, 'high')
    await add('r', 1, 20)
    await jobs.sql`update tasks set run_at = now() - interval '5 h' where owner = 'r'`
    const chosen = (await next(20)).map((name) => name.slice(0, 1)).join('')
    expect(chosen).toBe('hhhhrhhhhrhhhhrhhhhr')
    await jobs.sql`update tasks set state = 'running' where owner = 'r' and rank = 1`
    await jobs.sql`update tasks set run_at = now() - interval '5 h' where owner = 'r'`
    expect((await next(4)).every((name) => name.startsWith('h'))).toBe(true)
  })
})

describe('behind a long history', () => {
  test('a pass reads no table from end to end', async () => {
    await insertBacklog(jobs.sql, { videos: 20_000, tasksEach: 2, status: 'completed' })
    await add('a', 300, 10)
    await add('b', 300, 10, 'high')
    const plans: string[] = []
    const tx = explained(jobs.sql, plans)
    await readWindow(tx)
    await chooseWaiting(tx, { room: 100, slots: 100 })
    expect(plans).toHaveLength(2)
    expect(plans.join('\n').match(/Seq Scan on (tasks|videos)/g)).toBeNull()
    expect(plans.join('\n')).toContain('Index Scan using tasks_by_turn')
  })

  test('a pass looks at as many rows as it could announce, not at all that wait', async () => {
    await add('a', 2_000, 10)
    const plans: string[] = []
    await chooseWaiting(explained(jobs.sql, plans, 'analyze, timing off, costs off'), {
      room: 100,
      slots: 100,
    })
    const rows = [...(plans[0] ?? '').matchAll(/Scan using tasks_by_turn .*rows=(\d+) loops=(\d+)/g)]
    const read = rows.reduce((sum, [, each, loops]) => sum + Number(each) * Number(loops), 0)
    expect(rows.length).toBeGreaterThan(3)
    expect(read).toBeLessThan(1_000)
    expect(await dispatchTasks(jobs.sql, jobs.stream)).toBe(4)
  })
})

test('the place in the queue that people see follows class, owner and age', async () => {
  const queue = { status: 'queued' as const }
  await insertBacklog(jobs.sql, { ...queue, owner: 'a', videos: 2 })
  await insertBacklog(jobs.sql, { ...queue, owner: 'b', videos: 4 })
  await insertBacklog(jobs.sql, { ...queue, owner: 'a', videos: 1, priority: 'high' })
  await jobs.sql`update videos set created_at = created_at - interval '11 min' where owner = 'b' and id = (
    select id from videos where owner = 'b' order by created_at limit 1)`
  const videos = await jobs.sql<{ id: string; name: string }[]>`
    select id, concat(owner, ' ', priority) as name from videos order by owner, priority, created_at, id`
  const places = await Promise.all(
    videos.map(async ({ id, name }) => `${name} ${(await readVideo(jobs.sql, id))?.queue_position}`),
  )
  expect(places).toEqual([
    'a high 1',
    'a normal 3',
    'a normal 5',
    'b normal 1',
    'b normal 3',
    'b normal 5',
    'b normal 7',
  ])
})
