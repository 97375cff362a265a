import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { submitJob } from '../../src/cli/client/submit.ts'
import { type CommandLine, commandLine, startAtTerminal, startCommandLine } from '../support/command-line.ts'
import { shortClip, textNamedMp4 } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const unknownId = '01980000-0000-7000-8000-000000000000'

let system: TestSystem
let folder: string
let stepladder: CommandLine
let film: string
let broken: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepladder-cli-'))
  system = await createTestSystem({ environment: { COLLECT_MS: '500' } })
  stepladder = commandLine({ STEPLADDER_API: system.baseUrl, XDG_STATE_HOME: folder })
  ;({ id: film } = await submitFile(system, await shortClip(), 'A film'))
  ;({ id: broken } = await submitFile(system, textNamedMp4(), 'Broken'))
  await untilEnded(system, film)
  await untilEnded(system, broken)
}, 180_000)
afterAll(async () => {
  await system?.dispose()
  await rm(folder, { recursive: true, force: true })
})

async function json(...args: string[]) {
  const { exitCode, stdout, stderr } = await stepladder(...args, '--json')
  expect(stdout, stderr).not.toBe('')
  return { exitCode, stderr, answer: JSON.parse(stdout) }
}

test('watch follows a video to its end and tells how it ended', async () => {
  const { id } = await submitFile(system, await shortClip(), 'Watched')
  const { exitCode, stdout, stderr } = await stepladder('watch', id, film)
  expect([exitCode, stdout]).toEqual([0, `${id}  completed\n${film}  completed\n`])
  expect(stderr).toMatch(/^Watched: .*100\.0 % {2}done .*360p \d+ \([\d.]+ kB\)/m)
  // Neither colours nor cursor moves: nobody sits there.
  expect(stderr).not.toContain('\x1b')
})

test('watch of a failed video fails, and --json tells each event on a line of its own', async () => {
  const { exitCode, stdout } = await stepladder('watch', '--json', broken, film)
  expect(exitCode).toBe(1)
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const ends = events.map(({ event, video_id }) => [video_id, event])
  expect(ends.sort()).toEqual(
    [
      [film, 'completed'],
      [broken, 'failed'],
    ].sort(),
  )
  expect(events.find(({ event }) => event === 'failed').error.code).toBe('unsupported_container')
})

test('list finds videos by status and title, as a table, as ids and as JSON', async () => {
  const failed = await stepladder('list', '--status', 'failed')
  expect(failed.stdout).toMatch(new RegExp(`^${broken}  +failed .*Broken +unsupported_container$`, 'm'))
  expect((await stepladder('list', '--ids', '--search', 'A film')).stdout).toBe(`${film}\n`)
  const { answer } = await json('list', '--limit', '1')
  expect(answer).toMatchObject({ videos: [{ id: expect.any(String) }], more: true })
  const all = await json('list', '--all')
  expect(all.answer.more).toBe(false)
  expect(all.answer.videos.length).toBeGreaterThanOrEqual(2)
  expect((await stepladder('list', '--search', 'nothing like it')).stderr).toBe('no videos\n')
})

test('show tells what was made of a video and why', async () => {
  const { stdout } = await stepladder('show', film)
  expect(stdout).toMatch(/^A film\nid +\S+\nstatus +completed\n/)
  expect(stdout).toMatch(/^360p +640×360 +30 +avc1\.\w+ .* 180 +0:06$/m)
  expect(stdout).toMatch(/^made +360p +.*own size/m)
  expect(stdout).toMatch(/^left +1080p +.*nothing is scaled up/m)
  expect((await json('show', film)).answer).toMatchObject({
    id: film,
    status: 'completed',
    plan: expect.any(Object),
  })
})

test('an unknown video is refused with the code of the API', async () => {
  const { exitCode, answer, stderr } = await json('show', unknownId)
  expect([exitCode, answer.error.code]).toEqual([1, 'video_not_found'])
  expect(stderr).toMatch(/^stepladder: There is no video/)
  expect(await stepladder('watch', unknownId)).toMatchObject({ exitCode: 1, stdout: '' })
})

test('of several videos each is done what can be, and any refusal fails the command', async () => {
  // It waits for a courier, and so for us.
  const { id } = await submitJob(system.baseUrl, { source: { url: 'https://films.example.com/b.mp4' } })
  const cancelled = await json('cancel', id, unknownId)
  expect(cancelled.exitCode).toBe(1)
  expect(cancelled.answer.results).toMatchObject([
    { id, video: { status: 'cancelled' }, error: null },
    { id: unknownId, video: null, error: { code: 'video_not_found' } },
  ])
  const retried = await stepladder('retry', id)
  expect([retried.exitCode, retried.stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`^${id} {2}(queued|processing)\n$`)),
  ])
  expect(await stepladder('retry', film)).toMatchObject({ exitCode: 1, stdout: '' })
})

test('delete wants a yes, and does not wait for one where nobody can say it', async () => {
  const { id } = await submitFile(system, await shortClip(), 'To be deleted')
  expect(await stepladder('delete', id)).toMatchObject({ exitCode: 2, stdout: '' })
  expect((await json('show', id)).exitCode).toBe(0)
  expect(await stepladder('delete', '--yes', id)).toEqual({
    exitCode: 0,
    stdout: `${id}  deleted\n`,
    stderr: '',
  })
  expect((await json('show', id)).answer.error.code).toBe('video_not_found')
})

test('queue and workers tell what waits and who works', async () => {
  const queue = await json('queue')
  expect(queue.answer.queue.map(({ priority }: { priority: string }) => priority)).toEqual([
    'high',
    'normal',
    'low',
  ])
  expect(queue.answer.failures).toContainEqual(expect.objectContaining({ code: 'unsupported_container' }))
  expect((await stepladder('queue')).stdout).toMatch(/^unsupported_container +\d+/m)
  const { answer } = await json('workers')
  expect(answer.workers).toMatchObject([{ id: expect.stringMatching(/^worker-1/), slots: 1 }])
  expect((await stepladder('workers')).stdout).toMatch(/^worker-1\S* +ready +[01]\/1 /m)
})

test('doctor finds the whole system well, from a machine that has its settings', async () => {
  const { exitCode, answer } = await json('doctor')
  expect([exitCode, answer.ok]).toEqual([0, true])
  expect(Object.keys(answer.checks)).toEqual([
    ...['api', 'api database', 'api redis', 'api storage', 'api workers', 'api ffmpeg', 'api sandbox'],
    'api clock',
  ])
  const before = new Set((await system.storage.list('')).map(({ key }) => key))
  const inside = commandLine({ ...system.environment, STEPLADDER_API: system.baseUrl })
  const { stdout, exitCode: code } = await inside('doctor', '--json')
  const { checks } = JSON.parse(stdout)
  expect(code, stdout).toBe(0)
  expect(Object.keys(checks)).toEqual(
    expect.arrayContaining([
      ...['ffmpeg', 'ffmpeg encoders', 'ffmpeg filters', 'ffprobe', 'postgres', 'postgres clock', 'redis'],
      ...['redis clock', 'store', 'store clock', 'store cors', 'sandbox', 'scratch'],
    ]),
  )
  // What it wrote to try the bucket is gone again.
  const after = await system.storage.list('')
  expect(after.map(({ key }) => key).filter((key) => !before.has(key))).toEqual([])
})

test('doctor says of each thing that is missing what to do, and fails', async () => {
  const environment = {
    PATH: process.env.PATH ?? '',
    STEPLADDER_API: 'http://127.0.0.1:9',
    DATABASE_URL: 'postgres://nobody:x@127.0.0.1:9/none',
    REDIS_URL: 'redis://127.0.0.1:9',
    S3_ENDPOINT: system.config.S3_ENDPOINT,
    S3_BUCKET: 'no-such-bucket',
    S3_ACCESS_KEY: system.config.S3_ACCESS_KEY,
    S3_SECRET_KEY: system.config.S3_SECRET_KEY,
    FFMPEG_PATH: '/nowhere/ffmpeg',
    FFPROBE_PATH: '/nowhere/ffprobe',
    MIN_FREE_SCRATCH_BYTES: String(2 ** 52),
  }
  const { exitCode, stdout } = await commandLine(environment)('doctor', '--json')
  const { ok, checks } = JSON.parse(stdout)
  expect([exitCode, ok]).toEqual([1, false])
  for (const name of ['api', 'ffmpeg', 'ffprobe', 'postgres', 'redis', 'store', 'scratch']) {
    expect([name, checks[name].status]).toEqual([name, 'failed'])
  }
  for (const name of ['api', 'ffmpeg', 'ffprobe', 'store', 'scratch']) expect(checks[name].fix).toMatch(/\w+/)
  const words = await commandLine({ ...environment, S3_BUCKET: 'x' })('doctor')
  expect([words.exitCode, words.stdout]).toEqual([
    1,
    expect.stringMatching(/^failed +configuration .*S3_BUCKET/m),
  ])
})

test('a title from a stranger reaches no terminal as anything but text', async () => {
  const title = 'Film\x1b[2J\x1b]0;owned\x07\r\u202egpj.exe'
  const { id } = await submitFile(system, await shortClip(), 'plain')
  await system.sql`update videos set title = ${title} where id = ${id}`
  const answers = [
    await stepladder('list'),
    await stepladder('list', '--json'),
    await stepladder('show', id),
    await stepladder('show', '--json', id),
    await stepladder('workers'),
    await stepladder('watch', id),
  ]
  for (const { stdout, stderr } of answers) {
    expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u)
  }
  expect(JSON.parse(answers[3]?.stdout ?? '').title).toBe(title)
})

test('whatever answers in place of the API is not taken for it', async () => {
  const server = createServer((_, response) => response.end('<html>hello</html>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { exitCode, stderr } = await stepladder('list', '--api', `http://127.0.0.1:${port}`)
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^stepladder: no Stepladder answers at/)])
  server.close()
})

test('at a terminal statuses have colours, unless NO_COLOR asks to go without', async () => {
  const environment = { STEPLADDER_API: system.baseUrl }
  const coloured = await startAtTerminal(environment, ['list'])
  expect(coloured.stdout).toContain('\x1b[32mcompleted\x1b[39m')
  const plain = await startAtTerminal({ ...environment, NO_COLOR: '1' }, ['list'])
  expect(plain.stdout).toContain('completed')
  expect(plain.stdout).not.toContain('\x1b')
})

test('at a terminal watch draws in place, and Ctrl-C leaves a clean line and the cursor where it was', async () => {
  const { id } = await submitJob(system.baseUrl, {
    source: { url: 'https://films.example.com/a.mp4' },
    title: 'Waits',
  })
  const running = startAtTerminal({ STEPLADDER_API: system.baseUrl }, ['watch', id])
  await untilSeen(running, /Waits\r\n▕.*▏.*\r\n$/)
  running.stdin.write('\x03')
  const { exitCode, stdout } = await running
  expect(exitCode).toBe(130)
  // Nothing hides the cursor, and the last line is an end of line.
  expect(stdout).not.toContain('\x1b[?25l')
  expect(stdout).toMatch(/\r\n(\^C)?$/)
  expect((await stepladder('cancel', id)).exitCode).toBe(0)
})

test('at a terminal delete asks, and takes anything but a yes for a no', async () => {
  const { id } = await submitFile(system, await shortClip(), 'Asked for')
  for (const [answer, exitCode, words] of [
    ['no', 1, 'nothing was deleted'],
    ['y', 0, `${id}  deleted`],
  ] as const) {
    const running = startAtTerminal({ STEPLADDER_API: system.baseUrl }, ['delete', id])
    await untilSeen(running, /Delete Asked for for good\? \[y\/N\] $/)
    running.stdin.write(`${answer}\r`)
    const ended = await running
    expect([ended.exitCode, ended.stdout]).toEqual([exitCode, expect.stringContaining(words)])
  }
})

test('a reader that goes away ends the command without a word', async () => {
  const running = startCommandLine({ STEPLADDER_API: system.baseUrl }, ['show', '--json', film])
  running.stdout.destroy()
  expect(await running).toMatchObject({ exitCode: 0, stderr: '' })
})

/** Resolves once what was printed ends like this; throws when the command ends before. */
async function untilSeen(running: ReturnType<typeof startAtTerminal>, end: RegExp): Promise<void> {
  const { promise: seen, resolve } = Promise.withResolvers<void>()
  let text = ''
  running.stdout.on('data', (piece: Buffer) => {
    text += piece.toString()
    if (end.test(text)) resolve()
  })
  const over = running.then(() => {
    throw new Error(`it ended with: ${text}`)
  })
  over.catch(() => {})
  await Promise.race([seen, over])
}
