import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Video } from '../../src/cli/client/video.ts'
import { ffmpegForVmaf, listsVmaf } from '../support/ffmpeg-with-vmaf.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded, watchJob } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const figuresSchema = z.strictObject({
  frames: z.number(),
  ssim_mean: z.number(),
  ssim_min: z.number(),
  psnr_y_db: z.number(),
  psnr_db: z.number(),
  vmaf_mean: z.number().nullable(),
  vmaf_min: z.number().nullable(),
})

let system: TestSystem
let folder: string
let film: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepladder-quality-'))
  ;[system, film] = await Promise.all([
    createTestSystem({ workers: 0, environment: { SWEEP_MS: '1000', RETRY_BASE_MS: '100' } }),
    // Two chunks; tagged as what it becomes, so that the top rung's pictures are the source's own.
    clip({ seconds: 14, more: ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'] }),
  ])
}, 60_000)
afterAll(async () => {
  await system?.dispose()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** An ffmpeg that does something else when it is asked to compare pictures. */
async function ffmpegThat(name: string, command: string): Promise<string> {
  const path = join(folder, name)
  const { stdout } = await execa('which', ['ffmpeg'])
  await writeFile(path, `#!/bin/sh\ncase "$*" in *ssim=*) ${command};; esac\nexec ${stdout} "$@"\n`)
  await chmod(path, 0o755)
  return path
}

const figuresOf = (video: Video) => video.resolutions.map(({ quality }) => quality)

async function skippedIn(videoId: string): Promise<unknown[]> {
  const rows = await system.sql<{ data: unknown }[]>`
    select data from events where video_id = ${videoId} and kind = 'quality_skipped' order by seq`
  return rows.map((row) => row.data)
}

async function runsOf(videoId: string): Promise<{ position: number; outcome: string | null }[]> {
  return system.sql`
    select t.position, r.outcome from task_runs r join tasks t on t.id = r.task_id
    where t.video_id = ${videoId} and t.kind = 'quality' order by r.started_at`
}

test('figures that were asked for are those of the whole rung against its source', async () => {
  await system.startWorker('plain', { FFMPEG_PATH: ffmpegForVmaf })
  const { id } = await submitFile(system, film, 'measured', { quality: true })
  const seen = await watchJob(system, id)
  const video = await untilEnded(system, id)
  await system.killWorker('plain', 'SIGTERM')

  expect(video).toMatchObject({
    status: 'completed',
    options: { quality: true },
    tasks: { done: 7, total: 7 },
  })
  const [top, small] = figuresOf(video).map((figures) => figuresSchema.parse(figures))
  expect([top?.frames, small?.frames]).toEqual([420, 420])
  const { stderr } = await execa('ffmpeg', [
    ...['-nostdin', '-i', new URL(video.resolutions[0]?.mp4_url ?? '', system.baseUrl).href, '-i', film],
    ...[
      '-lavfi',
      '[0:v]settb=1/30,setpts=N,split[a][b];[1:v]settb=1/30,setpts=N,split[c][d];[a][c]ssim;[b][d]psnr',
    ],
    ...['-f', 'null', '-'],
  ])
  expect(top?.ssim_mean).toBeCloseTo(Number(/SSIM .*All:([\d.]+)/.exec(stderr)?.[1]), 4)
  expect(top?.psnr_db).toBeCloseTo(Number(/PSNR .*average:([\d.]+)/.exec(stderr)?.[1]), 2)
  if (await listsVmaf(ffmpegForVmaf)) {
    expect(top?.vmaf_mean).toBeGreaterThan(80)
    expect(top?.vmaf_min).toBeLessThanOrEqual(top?.vmaf_mean ?? 0)
    expect(small?.vmaf_mean).toBeGreaterThan(80)
  } else expect([top, small]).toMatchObject([1, 2].map(() => ({ vmaf_mean: null, vmaf_min: null })))
  const percents = seen.map(({ snapshot }) => snapshot.percent)
  expect(percents).toEqual([...percents].sort((a, b) => a - b))
  expect(await skippedIn(id)).toEqual([])
})

test('a comparison that fails leaves the film without figures, and says so', async () => {
  await system.startWorker('broken', { FFMPEG_PATH: await ffmpegThat('broken', 'echo nonsense >&2; exit 1') })
  const { id } = await submitFile(system, film, 'not measured', { quality: true })
  const video = await untilEnded(system, id)
  await system.killWorker('broken', 'SIGTERM')

  expect(video).toMatchObject({ status: 'completed', tasks: { done: 7, total: 7 } })
  expect(figuresOf(video)).toEqual([null, null])
  expect(await skippedIn(id)).toEqual(
    expect.arrayContaining([0, 1].map((chunk) => expect.objectContaining({ chunk, code: 'ffmpeg_failed' }))),
  )
  expect(await runsOf(id)).toHaveLength(4)
})

test('a worker that stops in the middle of a comparison gives it to another one', async () => {
  // Would take an hour; replaces itself, so that it is gone with its process.
  await system.startWorker('slow', { FFMPEG_PATH: await ffmpegThat('slow', 'exec sleep 3600') })
  const { id } = await submitFile(system, film, 'handed on', { quality: true })
  await expect.poll(() => runsOf(id)).toEqual([{ position: 0, outcome: null }])
  expect(await system.killWorker('slow', 'SIGTERM')).toBe('exit code 0')
  expect(await runsOf(id)).toEqual([{ position: 0, outcome: 'released' }])
  await system.startWorker('next')
  const video = await untilEnded(system, id)
  await system.killWorker('next', 'SIGTERM')
  expect(figuresOf(video).map((figures) => figuresSchema.parse(figures).frames)).toEqual([420, 420])
})

test('a chunk whose comparison ended its worker twice is left out before a third one', async () => {
  await system.startWorker('slow', { FFMPEG_PATH: await ffmpegThat('slow', 'exec sleep 3600') })
  const { id } = await submitFile(system, film, 'deadly', { quality: true })
  await expect.poll(() => runsOf(id)).toEqual([{ position: 0, outcome: null }])
  await system.sql`update tasks set crashes = 2 where video_id = ${id} and kind = 'quality' and position = 1`
  await system.killWorker('slow', 'SIGTERM')
  await system.startWorker('next')
  const video = await untilEnded(system, id)
  await system.killWorker('next', 'SIGTERM')
  expect(video.status).toBe('completed')
  expect(await skippedIn(id)).toMatchObject([{ chunk: 1, code: 'worker_crashed' }])
  const [figures] = figuresOf(video).map((found) => figuresSchema.parse(found))
  expect(figures?.frames).toBeGreaterThan(0)
  expect(figures?.frames).toBeLessThan(420)
})

test('a cancelled video ends its comparisons at once', async () => {
  await system.startWorker('slow', { FFMPEG_PATH: await ffmpegThat('slow', 'exec sleep 3600') })
  const { id } = await submitFile(system, film, 'cancelled', { quality: true })
  await expect.poll(() => runsOf(id)).toEqual([{ position: 0, outcome: null }])
  await fetch(`${system.baseUrl}/videos/${id}/cancel`, { method: 'POST' })
  // The slot is free again: this one needs it.
  const next = await submitFile(system, film, 'after it')
  expect(await untilEnded(system, next.id)).toMatchObject({ status: 'completed' })
  expect(figuresOf(await untilEnded(system, next.id))).toEqual([null, null])
  await system.killWorker('slow', 'SIGTERM')
})
