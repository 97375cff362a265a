import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { videoSchema } from '../../src/cli/client/video.ts'
import { shortClip, textNamedMp4 } from '../support/fixtures.ts'
import { searchFiles } from '../support/log-search/files.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'stepladder-demo-'))
})
afterEach(async () => {
  await searchFiles(join(dataDir, 'logs'))
  rmSync(dataDir, { recursive: true, force: true })
})

const script = join(import.meta.dirname, '../../scripts/demo.ts')

async function demo(...args: string[]) {
  const env = { STEPLADDER_DATA: dataDir, FORCE_COLOR: '0' }
  const { exitCode, stdout, stderr } = await execa(process.execPath, [script, ...args], {
    env,
    reject: false,
  })
  return { exitCode, stderr, lastLine: stdout.split('\n').at(-1) ?? '', stdout }
}

test('--once makes every rung of a video with every frame, prints it as the last line and leaves nothing running', async () => {
  const { exitCode, stderr, stdout, lastLine } = await demo(await shortClip(), '--once')
  expect(exitCode, stderr).toBe(0)
  const video = videoSchema.parse(JSON.parse(lastLine))
  expect(video.status).toBe('completed')
  expect(video.resolutions.map((rung) => rung.name)).toEqual(['360p', '240p', '144p'])
  expect(video.resolutions.map((rung) => rung.frames)).toEqual([180, 180, 180])
  for (const rung of video.resolutions) expect(stdout).toContain(`${rung.width}×${rung.height}`)
  // Removed by an orderly stop, after the last process.
  expect(existsSync(join(dataDir, 'processes.json'))).toBe(false)
})

test('--once tells of a failed video by its exit code and its last line', async () => {
  const { exitCode, lastLine } = await demo('--once', textNamedMp4())
  expect(exitCode).toBe(1)
  const video = videoSchema.parse(JSON.parse(lastLine))
  expect(video.status).toBe('failed')
  expect(video.error?.message).toMatch(/not a media file/)
})

test('a wrong command line is refused before anything is started', async () => {
  const { exitCode, stderr } = await demo('--once', '/nowhere/film.mp4')
  expect(exitCode).toBe(2)
  expect(stderr).toContain('no such file: /nowhere/film.mp4')
  expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
})
