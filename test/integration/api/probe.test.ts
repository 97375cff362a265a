import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeMedia } from '../../../scripts/clips/make.ts'
import { planSchema } from '../../../src/media/model.ts'
import { emptyFile, playlistNamedMp4, shortClip, textNamedMp4 } from '../../support/fixtures.ts'
import { processesWith } from '../media/scratch.ts'
import { startSourceServer } from '../media/source-server.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

let scratch: string
let api: ApiUnderTest
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'stepladder-probe-'))
  api = await startApi({ lead: { SCRATCH_DIR: scratch, MAX_SOURCE_BYTES: 10_000_000 } })
  await putFile(api, 'source/film', await shortClip())
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true })
})

async function putFile({ storage }: ApiUnderTest, key: string, path: string): Promise<void> {
  const signal = AbortSignal.timeout(10_000)
  await storage.put(key, await readFile(path), { contentType: 'video/mp4', signal })
}

/** The index of this one is behind its pictures, and it has only half of those. */
async function filmWithoutIndex(): Promise<string> {
  const args = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:duration=2', '-c:v', 'libx264']
  const whole = await readFile(await makeMedia({ name: 'index-behind', extension: 'mp4', args }))
  const path = join(scratch, 'half.mp4')
  await writeFile(path, whole.subarray(0, whole.length / 2))
  return path
}

const film = { source: { key: 'source/film' } }
const probe = (json: unknown) => api.ask('/probe', { json })
const dryRun = (json: unknown) => api.ask('/jobs?dry_run=true', { json })

async function rows(): Promise<unknown> {
  return api.sql`
    select (select count(*) from videos) as videos, (select count(*) from tasks) as tasks,
           (select count(*) from sources) as sources, (select count(*) from idempotency_keys) as keys`
}

test('a probe tells what is in a source', async () => {
  const { status, body } = await probe(film)
  expect(status).toBe(200)
  expect(body.media).toMatchObject({
    video: { width: 640, height: 360, codec: 'h264' },
    audio: [{ codec: 'aac' }],
  })
})

describe('a dry run', () => {
  test('answers with the plan and its reasons, and stores nothing', async () => {
    const before = await rows()
    const { status, headers, body } = await dryRun({ ...film, title: 'Film', priority: 'high' })
    expect(status).toBe(200)
    expect(headers.get('location')).toBeNull()
    expect(planSchema.parse({ ...body.plan, build: '' })).toEqual({ ...body.plan, build: '' })
    expect(body.plan).not.toHaveProperty('build')
    expect(body.plan.kept.map(({ name, code }: { name: string; code: string }) => [name, code])).toEqual([
      ['360p', 'source_size'],
      ['240p', 'fits_box'],
      ['144p', 'fits_box'],
      ['audio-0', 'audio_track'],
    ])
    expect(body.plan.skipped).toContainEqual(expect.objectContaining({ name: '480p', code: 'above_source' }))
    expect(body.plan.warnings).toEqual([])
    expect(await rows()).toEqual(before)
    expect(await api.redis.xlen(api.names.stream)).toBe(0)
  })

  test('keeps no key, so that the job itself may come under it', async () => {
    const headers = { 'idempotency-key': 'dry' }
    expect((await api.ask('/jobs?dry_run=true', { json: film, headers })).status).toBe(200)
    expect((await api.ask('/jobs?dry_run=false', { json: film, headers })).status).toBe(201)
  })

  test.each([
    ['hevc', { video: { encoder: { codec: 'hevc' } } }],
    ['audio', { video: null, skipped: [{ kind: 'video', code: 'not_in_profile' }] }],
  ])('takes the profile %s', async (profile, plan) => {
    expect((await dryRun({ ...film, profile })).body.plan).toMatchObject({ profile, ...plan })
  })

  test('says what only a worker measures', async () => {
    const codes = (body: { plan: { warnings: { code: string }[] } }) =>
      body.plan.warnings.map(({ code }) => code)
    expect(codes((await dryRun({ ...film, per_title: true })).body)).toEqual(['not_sampled'])
    expect(codes((await dryRun({ ...film, per_title: true, profile: 'audio' })).body)).toEqual([])
  })

  test.each(['1', 'yes', '', 'TRUE'])('is not guessed from dry_run=%j', async (value) => {
    const before = await rows()
    const { status, body } = await api.ask(`/jobs?dry_run=${value}`, { json: film })
    expect([status, body.errors[0].path]).toEqual([422, 'dry_run'])
    expect((await api.ask('/jobs?dryrun=true', { json: film })).status).toBe(422)
    expect(await rows()).toEqual(before)
  })
})

describe.each(['/probe', '/jobs?dry_run=true'])('what %s cannot look at', (path) => {
  const ask = (json: unknown) => api.ask(path, { json })

  test('a URL, which is fetched later', async () => {
    const { status, body } = await ask({ source: { url: 'http://127.0.0.1:1/film.mp4' } })
    expect([status, body.code]).toEqual([422, 'invalid_request'])
    expect(body.errors).toEqual([{ path: 'source.url', message: expect.stringContaining('upload the file') }])
  })

  test.each<[string, unknown, string]>([
    ['no source', {}, 'source'],
    ['a key outside of source/', { source: { key: 'processed/x' } }, 'source.key'],
    ['a key with parts that climb', { source: { key: 'source/../x' } }, 'source.key'],
    ['both', { source: { key: 'source/film', url: 'http://a/b' } }, 'source'],
    ['a field that is not there', { ...film, crf: 1 }, 'crf'],
    ['a list', [], ''],
  ])('%s', async (_, json, fault) => {
    const { status, body } = await ask(json)
    expect([status, body.code, body.errors[0].path]).toEqual([422, 'invalid_request', fault])
  })

  test('an object that is not there, or has too many bytes', async () => {
    expect(await ask({ source: { key: 'source/nothing' } })).toMatchObject({
      status: 422,
      body: { code: 'source_not_found' },
    })
    await api.storage.put('source/huge', Buffer.alloc(10_000_001), {
      contentType: 'video/mp4',
      signal: AbortSignal.timeout(10_000),
    })
    expect(await ask({ source: { key: 'source/huge' } })).toMatchObject({
      status: 422,
      body: { code: 'source_too_large' },
    })
  })

  test.each<[string, () => string | Promise<string>, string]>([
    ['an empty file', emptyFile, 'empty_source'],
    ['a letter under the name of a film', textNamedMp4, 'unsupported_container'],
    ['a film cut off before its index', filmWithoutIndex, 'truncated_input'],
  ])('%s', async (_, make, code) => {
    await putFile(api, 'source/false', await make())
    const { status, body } = await ask({ source: { key: 'source/false' } })
    expect([status, body.code]).toEqual([422, code])
    expect(JSON.stringify(body)).not.toMatch(/X-Amz|127\.0\.0\.1/)
  })

  test('a playlist that leads elsewhere, which nobody follows', async () => {
    await using canary = await startSourceServer()
    await putFile(api, 'source/playlist', playlistNamedMp4(canary.url('canary.ts')))
    expect(await ask({ source: { key: 'source/playlist' } })).toMatchObject({
      status: 422,
      body: { code: 'unsupported_container' },
    })
    expect(canary.requests).toEqual([])
  })
})

test('without ffprobe the answer says what is missing, and jobs are taken all the same', async () => {
  await using bare = await startApi({ lead: { FFPROBE_PATH: '/no/such/ffprobe', SCRATCH_DIR: scratch } })
  await putFile(bare, 'source/film', await shortClip())
  const { status, headers, body } = await bare.ask('/probe', { json: film })
  expect([status, body.code, body.detail]).toEqual([503, 'ffmpeg_missing', 'Ffprobe could not be started.'])
  expect(headers.get('retry-after')).not.toBeNull()
  expect((await bare.ask('/jobs', { json: film })).status).toBe(201)
})

describe('an ffprobe that takes its time', () => {
  let folder: string
  let slow: ApiUnderTest
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stepladder-slow-probe-'))
    const path = join(folder, 'ffprobe')
    // Its file is empty: it may write none that is not.
    const wait = `: > ${folder}/begun.$$; while [ -e ${folder}/gate ]; do /bin/sleep 0.02; done`
    await writeFile(path, `#!/bin/sh\n${wait}\nexec /usr/bin/ffprobe "$@"\n`, { mode: 0o755 })
    slow = await startApi({ lead: { FFPROBE_PATH: path, SCRATCH_DIR: scratch } })
    await putFile(slow, 'source/film', await shortClip())
  })
  afterAll(async () => {
    await slow[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const begun = async () => (await readdir(folder)).filter((name) => name.startsWith('begun.')).length
  const close = () => writeFile(join(folder, 'gate'), '')
  const open = () => rm(join(folder, 'gate'))
  const ask = (signal?: AbortSignal) => slow.ask('/probe', { json: film, ...(signal ? { signal } : {}) })

  test('runs twice at once and no more; who waits too long, or in too long a queue, is told to come back', async () => {
    await close()
    const answers = Array.from({ length: 24 }, () => ask())
    await expect.poll(begun).toBe(2)
    const early = await Promise.race(answers)
    expect([early.status, early.body.code, early.headers.get('retry-after')]).toEqual([
      503,
      'probe_busy',
      '2',
    ])
    let settled = 0
    for (const answer of answers) void answer.then(() => settled++)
    await expect.poll(() => settled, { timeout: 5_000 }).toBe(22)
    expect(await begun()).toBe(2)
    await open()
    const statuses = (await Promise.all(answers)).map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 200, ...Array(22).fill(503)])
  })

  test('ends with the client that asked, and its place is free', async () => {
    await close()
    const before = await begun()
    const clients = [new AbortController(), new AbortController()]
    const asked = clients.map(({ signal }) => ask(signal).catch(() => 'gone'))
    await expect.poll(begun).toBe(before + 2)
    expect(await processesWith(folder)).not.toEqual([])
    for (const client of clients) client.abort()
    expect(await Promise.all(asked)).toEqual(['gone', 'gone'])
    await expect.poll(() => processesWith(folder)).toEqual([])
    await open()
    expect((await ask()).status).toBe(200)
  })

  test('ends when it takes too long, long before a client would', async () => {
    await close()
    const { status, body } = await ask()
    expect([status, body.code]).toEqual([503, 'source_unreachable'])
    expect(body.detail).toContain('in time')
    await expect.poll(() => processesWith(folder)).toEqual([])
    await open()
  })
})
