import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeMedia } from '../../scripts/clips/make.ts'
import type { Video } from '../../src/cli/client/video.ts'
import { planSchema } from '../../src/media/model.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepladder-per-title-'))
  system = await createTestSystem({ workers: 0, environment: { SWEEP_MS: '1000' } })
}, 60_000)
afterAll(async () => {
  await system?.dispose()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** A still picture with a shape that crosses it. */
const cartoon = () =>
  makeMedia({
    name: 'cartoon',
    extension: 'mp4',
    args: [
      ...[
        '-f',
        'lavfi',
        '-i',
        "color=0x3060a0:s=640x360:r=25,drawbox=x='t*60':y=100:w=80:h=80:c=white:t=fill",
      ],
      ...['-t', '9', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
    ],
  })

const noise = () =>
  makeMedia({
    name: 'noise',
    extension: 'mp4',
    args: [
      ...['-f', 'lavfi', '-i', 'nullsrc=s=640x360:r=25,geq=random(1)*255:128:128', '-t', '5'],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-pix_fmt', 'yuv420p'],
    ],
  })

/** An ffmpeg that does something else when it is asked to sample: only then it writes a bare stream. */
async function ffmpegThat(name: string, command: string): Promise<string> {
  const path = join(folder, name)
  const { stdout } = await execa('which', ['ffmpeg'])
  await writeFile(path, `#!/bin/sh\ncase "$*" in *ssim,*"-f h264"*) ${command};; esac\nexec ${stdout} "$@"\n`)
  await chmod(path, 0o755)
  return path
}

async function made(path: string, options = { per_title: true }): Promise<Video> {
  const { id } = await submitFile(system, path, 'fitted', options)
  const video = await untilEnded(system, id)
  expect(video).toMatchObject({ status: 'completed', options })
  return video
}

const namesOf = (video: Video) => video.resolutions.map(({ name }) => name)
const planOf = (video: Video) => planSchema.parse(video.plan)

test('a cartoon needs no rungs between the top and the smallest, and says why', async () => {
  await system.startWorker('plain')
  const video = await made(await cartoon())
  expect(namesOf(video)).toEqual(['360p', '144p'])
  const plan = planOf(video)
  expect(plan.skipped.filter(({ code }) => code === 'per_title_saves_nothing')).toMatchObject([
    { kind: 'rung', name: '240p', reason: expect.stringContaining('360p needs 0.0') },
  ])
  expect(plan.kept.find(({ name }) => name === '360p')?.reason).toContain('sampled at 0.0')
  expect(plan.warnings.map(({ code }) => code)).not.toContain('per_title_not_sampled')
})

test('noise keeps every rung at its cap, as a job without the option', async () => {
  const path = await noise()
  const [fitted, fixed] = [await made(path), await made(path, { per_title: false })]
  await system.killWorker('plain', 'SIGTERM')
  expect(planOf(fitted).video).toEqual(planOf(fixed).video)
  expect(namesOf(fitted)).toEqual(['360p', '240p', '144p'])
})

test('where sampling fails the ladder stays as it is, with a warning', async () => {
  await system.startWorker('broken', { FFMPEG_PATH: await ffmpegThat('broken', 'exit 1') })
  const video = await made(await clip({ seconds: 2 }))
  await system.killWorker('broken', 'SIGTERM')
  expect(namesOf(video)).toEqual(['240p', '144p'])
  expect(planOf(video).warnings).toContainEqual({
    code: 'per_title_not_sampled',
    message: expect.stringContaining('ffmpeg failed'),
  })
})

test('a worker that stops while it samples leaves the planning to another one', async () => {
  await system.startWorker('slow', { FFMPEG_PATH: await ffmpegThat('slow', 'exec sleep 3600') })
  const { id } = await submitFile(system, await clip({ seconds: 2 }), 'handed on', { per_title: true })
  const runs = () => system.sql`
    select r.outcome from task_runs r join tasks t on t.id = r.task_id
    where t.video_id = ${id} and t.kind = 'plan' order by r.started_at`
  await expect.poll(runs).toEqual([{ outcome: null }])
  await expect.poll(() => system.logs()).toContain('"msg":"sampling"')
  expect(await system.killWorker('slow', 'SIGTERM')).toBe('exit code 0')
  expect(await runs()).toEqual([{ outcome: 'released' }])
  await system.startWorker('next')
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
  await system.killWorker('next', 'SIGTERM')
})
