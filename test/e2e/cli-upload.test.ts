import { appendFile, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { startStoreProxy } from '../integration/store-proxy.ts'
import { type CommandLine, commandLine, startCommandLine } from '../support/command-line.ts'
import { shortClip, textNamedMp4 } from '../support/fixtures.ts'
import { padFilm } from '../support/padded-film.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const mebibyte = 2 ** 20
const partBytes = 8 * mebibyte

let system: TestSystem
let proxy: Awaited<ReturnType<typeof startStoreProxy>>
let folder: string
let environment: { [name: string]: string }
let stepladder: CommandLine

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepladder-cli-upload-'))
  // Another name of the store, which the client alone is given.
  proxy = await startStoreProxy(inject('services').S3_ENDPOINT ?? '')
  system = await createTestSystem({ environment: { S3_PUBLIC_ENDPOINT: proxy.endpoint, COLLECT_MS: '500' } })
  environment = { STEPLADDER_API: system.baseUrl, XDG_STATE_HOME: folder }
  stepladder = commandLine(environment)
}, 180_000)
afterAll(async () => {
  await system?.dispose()
  await proxy?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function partOf(url = ''): number {
  return Number(new URL(url, 'http://store').searchParams.get('partNumber') ?? 0)
}

/** The numbers of the parts that were put since the last `meet`, in order. */
function partsPut(): number[] {
  const puts = proxy.requests.filter((line) => line.startsWith('PUT '))
  return puts.map((line) => partOf(line.slice(4))).sort((a, b) => a - b)
}

/** Lets some parts through and keeps the others waiting: `come` resolves once all of `waiting` are there. */
function letThrough(parts: readonly number[], waiting: readonly number[]) {
  const { promise: come, resolve } = Promise.withResolvers<void>()
  const held = new Map<number, ServerResponse>()
  proxy.meet(({ method, url }, response) => {
    const part = partOf(url)
    if (method !== 'PUT' || parts.includes(part)) return false
    held.set(part, response)
    if (waiting.every((one) => held.has(one))) resolve()
    return true
  })
  const hangUp = () => held.forEach((response) => void response.destroy())
  return { come, hangUp }
}

const none = () => false
const notes = () => readdir(join(folder, 'stepladder', 'uploads')).catch(() => [])

test('a film that is uploaded and watched comes out with a line for each rung, and its id as the result', async () => {
  const film = join(folder, 'film one.mp4')
  await copyFile(await shortClip(), film)
  const { exitCode, stdout, stderr } = await stepladder(
    'upload',
    film,
    '--watch',
    '--metadata',
    'a=1',
    '--metadata',
    'b=x=y',
  )
  expect(exitCode, stderr).toBe(0)
  const [, id = ''] = /^(\S{36}) {2}completed {2}film one\.mp4\n$/.exec(stdout) ?? []
  expect(id).not.toBe('')
  expect(stderr).toMatch(/^film one\.mp4: 100\.0 % {2}uploading {2}1\.3 MB of 1\.3 MB/m)
  expect(stderr).toMatch(/^film one\.mp4: 100\.0 % {2}done .*360p \d+ \(.*240p \d+ \(.*144p \d+ \(/m)
  const shown = JSON.parse((await stepladder('show', '--json', id)).stdout)
  expect(shown).toMatchObject({ title: 'film one.mp4', metadata: { a: '1', b: 'x=y' } })
})

test('of several sources each is taken or refused by itself, and a failed video fails the command', async () => {
  const answer = await stepladder(
    'upload',
    '--json',
    '--watch',
    '--priority',
    'high',
    await shortClip(),
    textNamedMp4(),
  )
  expect(answer.exitCode).toBe(1)
  expect(JSON.parse(answer.stdout)).toMatchObject({
    results: [
      { source: await shortClip(), error: null, video: { status: 'completed', priority: 'high' } },
      {
        source: textNamedMp4(),
        error: null,
        video: { status: 'failed', error: { code: 'unsupported_container' } },
      },
    ],
  })
})

test('a URL becomes a job without passing through here', async () => {
  const url = 'https://films.example.com/a.mp4'
  const { exitCode, stdout } = await stepladder('upload', url, '--title', 'From afar')
  const [, id = ''] = /^(\S{36}) {2}https:\/\/films\.example\.com\/a\.mp4\n$/.exec(stdout) ?? []
  expect([exitCode, id]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}$/)])
  const { source, title } = JSON.parse((await stepladder('show', '--json', id)).stdout)
  expect([source.url, title]).toEqual([url, 'From afar'])
})

test('what is interrupted and what is killed goes on with the parts that the store has', async () => {
  const film = await padFilm(join(folder, 'large.mp4'), 5 * partBytes + mebibyte)

  const first = letThrough([1, 2], [3, 4, 5])
  const interrupted = startCommandLine(environment, ['upload', film])
  await first.come
  interrupted.kill('SIGINT')
  const { exitCode, stdout, stderr } = await interrupted
  expect([exitCode, stdout]).toEqual([130, ''])
  expect(stderr).toMatch(/^interrupted; the same command goes on/m)
  expect(await notes()).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.json$/)])

  const second = letThrough([3], [4, 5, 6])
  const killed = startCommandLine(environment, ['upload', film])
  await second.come
  killed.kill('SIGKILL')
  await killed
  expect(partsPut()).toEqual([3, 4, 5, 6])

  proxy.meet(none)
  const last = await stepladder('upload', film, '--watch')
  expect(last.exitCode, last.stderr).toBe(0)
  expect(partsPut()).toEqual([4, 5, 6])
  expect(last.stderr).toMatch(/^large\.mp4: 25\.2 MB of 43\.0 MB are there already$/m)
  expect(last.stdout).toMatch(/^\S{36} {2}completed {2}large\.mp4\n$/)
  expect(await notes()).toEqual([])
  expect(await system.storage.listUploads()).toEqual([])
})

test('a connection that breaks in the middle of a part costs that part alone', async () => {
  const film = await padFilm(join(folder, 'shaky.mp4'), 2 * partBytes + mebibyte)
  let broken = 0
  proxy.meet((incoming, response) => {
    if (partOf(incoming.url) !== 2 || broken > 0) return false
    broken++
    incoming.once('data', () => response.destroy())
    return true
  })
  const { exitCode, stdout } = await stepladder('upload', film)
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^\S{36} {2}shaky\.mp4\n$/)])
  expect(partsPut()).toEqual([1, 2, 2, 3])
})

test('a file that is written to while it is uploaded is not taken', async () => {
  const film = await padFilm(join(folder, 'growing.mp4'), 2 * partBytes + mebibyte)
  const { come, hangUp } = letThrough([], [1, 2, 3])
  const running = startCommandLine(environment, ['upload', film, '--json'])
  await come
  await appendFile(film, 'more')
  proxy.meet(none)
  // The held parts end with an error, and are sent again.
  hangUp()
  const { exitCode, stdout } = await running
  expect(exitCode).toBe(1)
  expect(JSON.parse(stdout).results).toMatchObject([{ video: null, error: { code: 'file_changed' } }])
})

test('plan says what would be made of a file, and leaves nothing behind', async () => {
  proxy.meet(none)
  const before = await system.sql`select id from videos`
  const { exitCode, stdout, stderr } = await stepladder('plan', await shortClip())
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toMatch(/^mov,.* h264 640×360, aac sound$/m)
  expect(stdout).toMatch(/^made +360p +.*own size, 640×360, at most \d+ kb\/s$/m)
  expect(stdout).toMatch(/^left +1080p +.*nothing is scaled up$/m)
  expect((await system.sql`select id from videos`).length).toBe(before.length)
  const [, key = ''] = /^PUT \/[^/]+\/(source\/[^?]+)/.exec(proxy.requests[0] ?? '') ?? []
  expect(key).not.toBe('')
  await expect.poll(() => system.storage.head(key)).toBeNull()
  const refused = await stepladder('plan', '--json', textNamedMp4())
  expect([refused.exitCode, JSON.parse(refused.stdout).error.code]).toEqual([1, 'unsupported_container'])
})

test.for([
  ['a missing file', ['/nowhere/film.mp4'], 2, /no such file/],
  [
    'a profile that is none',
    ['FILM', '--profile', 'nope'],
    2,
    /there is no profile nope; there are .*default/,
  ],
  ['a title for two', ['FILM', 'FILM', '--title', 'x'], 2, /--title goes with one file/],
  ['metadata without a value', ['FILM', '--metadata', 'x'], 2, /must be key=value/],
] as const)('%s is refused before a byte is sent', async ([, args, code, words]) => {
  proxy.meet(none)
  const film = await shortClip()
  const { exitCode, stdout, stderr } = await stepladder(
    'upload',
    ...args.map((arg) => arg.replace('FILM', film)),
  )
  expect([exitCode, stdout, stderr]).toEqual([code, '', expect.stringMatching(words)])
  expect(proxy.requests).toEqual([])
})

test('a state folder that cannot be written to hinders no upload', async () => {
  proxy.meet(none)
  const film = await padFilm(join(folder, 'homeless.mp4'), 2 * partBytes + mebibyte)
  const { exitCode, stderr } = await commandLine({ ...environment, XDG_STATE_HOME: '/dev/null' })(
    'upload',
    film,
  )
  expect(exitCode, stderr).toBe(0)
})
