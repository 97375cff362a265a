import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { CONFINED, endingOf, launchCommand } from '../../../src/media/ffmpeg/launch.ts'
import { findBubblewrap, type OpenSandbox, openSandbox } from '../../../src/media/ffmpeg/open-sandbox.ts'
import { probeSource } from '../../../src/media/probe/probe.ts'
import { sourceLimits } from '../../../src/media/probe/source-limits.ts'
import { createScratch, picture, processesWith } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

const limits = sourceLimits(loadConfig({}))

const why = await findBubblewrap('ffmpeg').then(
  () => null,
  (error: Error) => error.message,
)
if (why !== null) console.warn(`the sandbox is not tried: ${why}`)

let scratch: Awaited<ReturnType<typeof createScratch>>
let store: Awaited<ReturnType<typeof startSourceServer>>
let canary: Server
let hits = 0
let sandbox: OpenSandbox | null = null

beforeAll(async () => {
  scratch = await createScratch()
  store = await startSourceServer(scratch.path)
  canary = createServer((_, response) => {
    hits += 1
    response.end('x')
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  if (why === null) {
    sandbox = await openSandbox(
      { SANDBOX: 'require', SCRATCH_DIR: scratch.path, FFMPEG_PATH: 'ffmpeg' },
      store.url('film'),
    )
  }
})
afterAll(async () => {
  await sandbox?.close()
  canary?.close()
  await store?.[Symbol.asyncDispose]()
  await scratch?.[Symbol.asyncDispose]()
})

/** A shell in the place of ffmpeg; `more` are words that it is given and does not read. */
async function inside(script: string, { cwd = scratch.path, more = [] as string[] } = {}) {
  const command = launchCommand('/bin/sh', ['-c', script, 'sh', ...more], { maxFileBytes: 1000, cwd })
  return execa(...command, { ...CONFINED, cwd, stdin: 'ignore' })
}

const canaryUrl = () => `http://127.0.0.1:${(canary.address() as AddressInfo).port}/`
/** A program that is given an address of the store is in the network of the store. */
const withStore = () => ({ more: [store.url('film')] })

describe.runIf(why === null)('a program in the sandbox', () => {
  test('finds neither users, nor homes, nor what others work on', async () => {
    const other = join(scratch.path, 'other')
    const mine = join(scratch.path, 'mine')
    await mkdir(other)
    await mkdir(mine)
    await writeFile(join(other, 'secret'), 'secret')
    const secrets = [join(other, 'secret'), '/etc/passwd', '/etc/shadow', homedir(), import.meta.filename]
    for (const path of secrets) {
      const { exitCode, stdout } = await inside(`ls ${path} && cat ${path}`, { cwd: mine })
      expect({ path, failed: exitCode !== 0, stdout }).toEqual({ path, failed: true, stdout: '' })
    }
  })

  test('writes to its scratch, and nowhere else that stays', async () => {
    const folders = ['/', '/usr', '/usr/bin', '/etc', '/dev', '/proc']
    const { stdout } = await inside(
      `echo x > here && for f in ${folders.join(' ')}; do touch $f/stepladder-was-here 2>/dev/null && echo $f; done; true`,
    )
    expect(await readdir(scratch.path)).toContain('here')
    // A /dev and a root of its own, which go with it.
    for (const folder of stdout.split('\n').filter(Boolean)) expect(['/', '/etc', '/dev']).toContain(folder)
    for (const folder of folders) expect(await readdir(folder)).not.toContain('stepladder-was-here')
    await inside('echo x > /tmp/stepladder-was-here')
    expect(await readdir('/tmp')).not.toContain('stepladder-was-here')
  })

  test('sees no process but its own', async () => {
    const { stdout } = await inside('cd /proc && echo [0-9]*')
    expect(stdout.split(' ').length).toBeLessThanOrEqual(4)
    expect((await inside(`kill -9 ${process.pid}`)).exitCode).not.toBe(0)
  })

  test('has no capability, may gain none, and has an empty environment', async () => {
    const { stdout } = await inside('cat /proc/self/status; cat /proc/self/environ')
    expect(stdout).toMatch(/CapEff:\s0{16}/)
    expect(stdout).toMatch(/CapPrm:\s0{16}/)
    expect(stdout).toMatch(/CapBnd:\s0{16}/)
    expect(stdout).toMatch(/NoNewPrivs:\s1/)
    expect(stdout).not.toContain(process.env.HOME ?? 'HOME=')
  })

  test('is bound by the same limits as without it', async () => {
    const { stdout } = await inside('ulimit -c; ulimit -n; ulimit -f')
    expect(stdout.split('\n')).toEqual(['0', '256', '1'])
    const ended = await inside('ulimit -c 0; kill -SEGV $$')
    expect(endingOf(ended, '')).toEqual({ exitCode: null, signal: 'SIGSEGV' })
  })

  test('that reads nothing by HTTP has no network at all', async () => {
    const { stdout } = await inside('cat /proc/net/route /proc/net/tcp; ls /sys/class/net 2>/dev/null')
    expect(
      stdout
        .split('\n')
        .filter((line) => !/^Iface|^ +sl/.test(line))
        .join(''),
    ).toBe('')
    hits = 0
    const wget = `exec 2>&1; ffprobe -v error ${canaryUrl()}`
    expect((await inside(wget)).stdout).toMatch(/Connection refused|unreachable|error/i)
    expect(hits).toBe(0)
  })

  test('that reads the store reaches it, and nothing else', async () => {
    await scratch.make('film', ...picture('64x64', '10', 1), '-f', 'matroska', '-c:v', 'mpeg4')
    const { signal } = new AbortController()
    const source = { url: store.url('film'), etag: ETAG, sizeBytes: 1000, cwd: scratch.path, signal, limits }
    const media = await probeSource({ ...source, ffprobePath: 'ffprobe', timeoutMs: 20_000 })
    expect(media.video).toMatchObject({ codec: 'mpeg4', width: 64 })

    hits = 0
    const reached = await inside(`ffprobe -v error ${canaryUrl()} 2>&1`, withStore())
    expect(reached.stdout).toContain('Connection refused')
    expect(hits).toBe(0)
    // As a redirect would lead it.
    await expect(
      probeSource({ ...source, url: `${canaryUrl()}film`, ffprobePath: 'ffprobe', timeoutMs: 20_000 }),
    ).rejects.toMatchObject({ code: 'source_unreachable' })
    expect(hits).toBe(0)
  })

  test('is gone when it is killed, with what it started', async () => {
    const token = `3${process.pid}`
    const command = launchCommand('/bin/sh', ['-c', `sleep ${token} & sleep ${token}`], { cwd: scratch.path })
    const running = execa(...command, { ...CONFINED, cwd: scratch.path })
    await vi.waitFor(async () => expect(await processesWith(`sleep\0${token}`)).toHaveLength(2), 10_000)
    running.kill('SIGKILL')
    await running
    await vi.waitFor(async () => expect(await processesWith(`sleep\0${token}`)).toEqual([]), 10_000)
  })
})

test.runIf(why !== null)(
  'where there is no bubblewrap, programs run without it, unless it must be there',
  async () => {
    const settings = { SCRATCH_DIR: scratch.path, FFMPEG_PATH: 'ffmpeg' }
    const found = await openSandbox({ ...settings, SANDBOX: 'auto' }, store.url('film'))
    expect(found).toMatchObject({ confinement: 'none', because: why })
    await expect(openSandbox({ ...settings, SANDBOX: 'require' }, store.url('film'))).rejects.toMatchObject({
      code: 'bad_config',
    })
  },
)

test('nothing is boxed in where SANDBOX is off', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stepladder-off-'))
  expect(
    await openSandbox({ SANDBOX: 'off', SCRATCH_DIR: folder, FFMPEG_PATH: 'ffmpeg' }, store.url('film')),
  ).toMatchObject({
    confinement: 'none',
  })
  await rm(folder, { recursive: true })
})
