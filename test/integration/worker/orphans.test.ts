import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { claimScratch, createScratch } from '../../../src/worker/scratch.ts'
import { processesWith } from '../media/scratch.ts'

const source = (file: string) => JSON.stringify(join(import.meta.dirname, '../../../src', file))
const program = join(import.meta.dirname, '../../fixtures/unruly-program.sh')
const gone = 4_194_303 // no process: the highest number that a kernel gives out

let root: string
const strangers: { kill: (signal: NodeJS.Signals) => void }[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stepladder-orphans-'))
})
afterEach(async () => {
  for (const stranger of strangers.splice(0)) stranger.kill('SIGKILL')
  await rm(root, { recursive: true, force: true })
})

/** A worker as far as its scratch goes, with one run of a program; without setpriv when PATH is empty. */
function startWorker(kind: 'deaf' | 'parent', PATH: string) {
  const script = `
    import { runFfmpeg } from ${source('media/ffmpeg/ffmpeg.ts')}
    import { claimScratch, createScratch } from ${source('worker/scratch.ts')}
    const { folder } = await claimScratch(${JSON.stringify(root)}, 'w')
    const scratch = createScratch(folder, { taskId: 1, videoId: '', fence: 1 })
    const cwd = await scratch.path()
    const run = { path: ${JSON.stringify(program)}, args: [${JSON.stringify(kind)}, cwd], outputs: 1, cwd }
    const { signal } = new AbortController()
    runFfmpeg({ ...run, signal, onStart: scratch.mark, stallMs: 60000, onData() {} })`
  const worker = execa(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH },
    extendEnv: false,
    reject: false,
  })
  strangers.push(worker)
  return worker
}

/** Those of the programs, and not the worker, whose script names the folder too. */
const programs = (worker: { pid?: number | undefined }) =>
  processesWith(root).then((ids) => ids.filter((id) => Number(id) !== worker.pid))

/** Waits until the worker has marked its program, which is a moment later than it runs. */
async function untilMarked(): Promise<void> {
  await vi.waitFor(async () => {
    const marks = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.pid'))
    const texts = await Promise.all(marks.map((name) => readFile(join(root, name), 'utf8')))
    expect(texts.filter(Boolean)).toHaveLength(1)
  }, 30_000)
}

/** The number of running processes that work below our folder. */
async function workingBelow(): Promise<number> {
  const { stdout } = await execa('/bin/sh', ['-c', 'ls -l /proc/[0-9]*/cwd 2>/dev/null || true'])
  return stdout.split('\n').filter((line) => line.includes(`-> ${root}`)).length
}

test.each([
  ['deaf', 1],
  ['parent', 3],
] as const)(
  'a worker killed without setpriv leaves a %s program, which the next start ends',
  async (kind, count) => {
    const worker = startWorker(kind, '')
    await vi.waitFor(async () => expect(await workingBelow()).toBeGreaterThanOrEqual(count), 30_000)
    await untilMarked()
    worker.kill('SIGKILL')
    await worker
    expect(await programs(worker)).not.toEqual([])

    const { folder, orphans } = await claimScratch(root, 'w')
    expect(orphans).toBeGreaterThanOrEqual(count)
    expect(await workingBelow()).toBe(0)
    expect(await readdir(root)).toEqual([])
    expect(folder).toContain(`/w-${process.pid}-`)
  },
)

test('where setpriv is, nothing is left to end', async () => {
  const worker = startWorker('deaf', process.env.PATH ?? '')
  await vi.waitFor(async () => expect(await programs(worker)).toHaveLength(1), 30_000)
  worker.kill('SIGKILL')
  await worker
  await vi.waitFor(async () => expect(await programs(worker)).toEqual([]), 30_000)
})

test('a worker of the same name that lives keeps its folder and its programs', async () => {
  const worker = startWorker('deaf', '')
  await untilMarked()
  expect(await programs(worker)).toHaveLength(1)
  expect(await claimScratch(root, 'w')).toMatchObject({ orphans: 0 })
  expect(await programs(worker)).toHaveLength(1)
  worker.kill('SIGKILL')
  await worker
  await claimScratch(root, 'w')
  expect(await programs(worker)).toEqual([])
})

/** A process of somebody else that got the number of a mark. */
function startStranger(cwd: string, script: string) {
  const stranger = execa('/bin/sh', ['-c', script], {
    cwd,
    detached: true,
    killDescendants: true,
    reject: false,
  })
  strangers.push(stranger)
  return stranger
}

async function deadRun(): Promise<string> {
  const folder = join(root, `w-${gone}-77`, '1-1')
  await mkdir(folder, { recursive: true })
  return folder
}

test('a stranger that was given the number of a marked process is not hurt', async () => {
  const stranger = startStranger(root, 'echo here; exec sleep 60')
  await writeFile(join(await deadRun(), `${stranger.pid}.pid`), '12345')
  expect(await claimScratch(root, 'w')).toMatchObject({ orphans: 0 })
  expect(await isThere(stranger.pid ?? 0)).toBe(true)
  // The folder of the dead worker is gone all the same.
  expect(await readdir(root)).toEqual([])
})

test('a stranger that was given the number of a killed worker does not keep its folder', async () => {
  const stranger = startStranger(root, 'exec sleep 60')
  await mkdir(join(root, `w-${stranger.pid}-12345`))
  await claimScratch(root, 'w')
  expect(await readdir(root)).toEqual([])
})

test.each([
  ['below the folder are ended', true],
  ['elsewhere are of another group', false],
])('children of a marked process that ended itself and which work %s', async (_what, inside) => {
  const run = await deadRun()
  const cwd = inside ? run : root
  const { pid, stdout } = await startLeader(cwd)
  await writeFile(join(run, `${pid}.pid`), '12345')
  expect(await claimScratch(root, 'w')).toMatchObject({ orphans: inside ? 1 : 0 })
  await vi.waitFor(async () => expect(await isThere(Number(stdout))).toBe(!inside))
  if (!inside) process.kill(Number(stdout), 'SIGKILL')
})

/** Leads a group, leaves a child in it, tells the child's number and ends. */
async function startLeader(cwd: string) {
  const leader = execa('/bin/sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], { cwd, detached: true })
  return { pid: leader.pid, stdout: (await leader).stdout }
}

const isThere = (pid: number) =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (stat) => !/\) Z /.test(stat),
    () => false,
  )

test('the folder of a run and its marks go with it', async () => {
  const { folder } = await claimScratch(root, 'w')
  const scratch = createScratch(folder, { taskId: 7, videoId: '', fence: 3 })
  const path = await scratch.path()
  scratch.mark(process.pid)
  expect(await readdir(path)).toEqual([`${process.pid}.pid`])
  await scratch.remove()
  expect(await readdir(folder)).toEqual([])
})

test('two workers in one process do not take each other for the dead', async () => {
  const first = await claimScratch(root, 'w')
  const run = await createScratch(first.folder, { taskId: 1, videoId: '', fence: 1 }).path()
  expect(await claimScratch(root, 'w')).toEqual(first)
  expect(await readdir(run)).toEqual([])
})

test('a worker whose name begins like ours is another one', async () => {
  const others = [`w-two-${gone}-77`, `worker-${gone}-77`]
  for (const other of others) await mkdir(join(root, other))
  await claimScratch(root, 'w')
  expect((await readdir(root)).sort()).toEqual(others.sort())
})
