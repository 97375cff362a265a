import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { findBubblewrap } from '../../src/media/ffmpeg/open-sandbox.ts'
import { longClip, playlistNamedMp4, shortClip } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { countFrames } from '../support/media-facts.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

const why = await findBubblewrap('ffmpeg').then(
  () => null,
  (error: Error) => error.message,
)
if (why !== null) console.warn(`the sandbox is not tried: ${why}`)

describe.runIf(why === null)('where every program is in the sandbox', () => {
  let system: TestSystem
  beforeAll(async () => {
    system = await createTestSystem({
      slots: 2,
      environment: {
        SANDBOX: 'require',
        RETRY_BASE_MS: '100',
        LEASE_MS: '4000',
        BEAT_MS: '1000',
        REAP_MS: '1000',
      },
    })
  })
  afterAll(() => system?.dispose())

  test('the API and the worker say so', async () => {
    const answer = await fetch(`${system.baseUrl}/readyz`)
    const checks = z.object({ checks: z.looseObject({ sandbox: z.object({ message: z.string() }) }) })
    const { sandbox } = checks.parse(await answer.json()).checks
    expect(sandbox.message).toBe('ffmpeg and ffprobe are boxed in and reach the store alone.')
    expect(system.logs()).toContain('"sandbox":"store"')
  })

  test('a film becomes what it becomes without it: every frame, the sound, the MP4 and its figures', async () => {
    const film = await shortClip()
    const { id } = await submitFile(system, film, 'boxed', { quality: true })
    const video = await untilEnded(system, id)
    expect(video).toMatchObject({ status: 'completed' })
    const [top] = video.resolutions
    expect(await countFrames(`${system.baseUrl}/videos/${id}/hls/${top?.name}.m3u8`)).toBe(
      await countFrames(film),
    )
    expect(await countFrames(new URL(top?.mp4_url ?? '', system.baseUrl).href)).toBe(await countFrames(film))
  })

  test('a list named .mp4 fails with the code that it has without it', async () => {
    const { id } = await submitFile(system, playlistNamedMp4('http://127.0.0.1:9/segment.ts'))
    expect(await untilEnded(system, id)).toMatchObject({ error: { code: 'unsupported_container' } })
  })

  test('programs and network go with a worker that is killed, and another one ends the film', async () => {
    const { id } = await submitFile(system, await longClip())
    const below = () => processesNaming(system.config.SCRATCH_DIR)
    await vi.waitFor(async () => expect((await below()).join()).toContain('ffmpeg'), 60_000)
    const [victim] = system.workers()
    await system.killWorker(victim?.name ?? '', 'SIGKILL')
    await vi.waitFor(async () => expect(await below()).toEqual([]), 20_000)
    await system.startWorker('second')
    expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
  })
})

/** The command lines of running programs that name a folder, and of what holds a network for them. */
async function processesNaming(folder: string): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args'])
  return stdout.split('\n').filter((line) => line.includes(folder) && /bwrap|ffmpeg|ffprobe/.test(line))
}
