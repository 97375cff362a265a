import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { clip } from '../../scripts/clips/clip.ts'
import { makeMedia } from '../../scripts/clips/make.ts'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { cut, damaged, emptied, headOnly } from '../corpus/cases/bytes.ts'
import { untilEnded } from '../support/job-client.ts'
import { countFrames } from '../support/media-facts.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await createTestSystem({ slots: 2, environment: { RETRY_BASE_MS: '100', MAX_ATTEMPTS: '2' } })
})
afterAll(() => system?.dispose())

const seconds = 16
const film = (extension: 'mp4' | 'mkv' | 'ts') => clip({ seconds, extension })
const cutFilm = async () => cut('partial-cut.mp4', await film('mp4'), 0.6)
const damagedFilm = async () => damaged('partial-damaged.mp4', await film('mp4'), 20_000)
const cutMatroska = async () => cut('partial-cut.mkv', await film('mkv'), 0.6)
const cutOther = async (extension: 'flv' | 'avi') => {
  const remux = ['-i', await film('mp4'), '-c', 'copy']
  const path = await makeMedia({ name: 'partial', extension, args: remux })
  return cut(`partial-cut.${extension}`, path, 0.6)
}
const onlyHead = async () => headOnly('partial-head.mkv', await film('mkv'))
/** Its header does not tell how the pixels are laid out: that is in each picture. */
const noPictures = async () => {
  const args = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=10:duration=1', '-c:v', 'mjpeg', '-q:v', '31']
  return emptied('partial-zeros.mov', await makeMedia({ name: 'jpegs', extension: 'mov', args }))
}
/** In the middle of its first GOP but one, so that no chunk but the first has anything. */
const cutEarly = async () => cut('partial-early.mp4', await film('mp4'), 0.2)

const detailSchema = z.looseObject({
  findings: z
    .array(
      z.object({ check: z.string(), passed: z.boolean(), detail: z.string(), code: z.string().nullable() }),
    )
    .nullable(),
  tracks: z.array(z.looseObject({ kind: z.string(), state: z.string(), duration_s: z.number().nullable() })),
})

async function made(path: string, allow_partial?: boolean) {
  const key = await uploadFile({ baseUrl: system.baseUrl, path })
  const options = allow_partial === undefined ? {} : { allow_partial }
  const { id } = await submitJob(system.baseUrl, { source: { key }, ...options })
  const video = await untilEnded(system, id)
  const { findings, tracks } = detailSchema.parse(video)
  const events = await system.sql<{ kind: string; data: unknown }[]>`
    select kind, data from events where video_id = ${id} order by seq`
  const [top] = video.resolutions
  return {
    ...{ video, events, frames: top?.frames ?? 0, sound: tracks.find(({ kind }) => kind === 'audio') },
    source: findings?.find(({ check }) => check === 'source'),
    decoded: () => countFrames(`${system.baseUrl}/videos/${id}/hls/${top?.name}.m3u8`),
  }
}

describe('without the option a film', () => {
  test.each([
    ['cut at 60 %', cutFilm, 'truncated_input'],
    ['with noise in the middle', damagedFilm, 'corrupt_input'],
    ['in Matroska, cut at 60 %', cutMatroska, 'truncated_input'],
    ['in Flash Video, cut at 60 %', () => cutOther('flv'), 'truncated_input'],
    ['in AVI, cut at 60 %', () => cutOther('avi'), 'truncated_input'],
    ['cut in its second GOP', cutEarly, 'truncated_input'],
    ['in Matroska, cut before its first picture', onlyHead, 'truncated_input'],
    ['with zeros for all pictures', noPictures, 'corrupt_input'],
  ])('%s fails at once', async (_, make, code) => {
    const { video } = await made(await make())
    expect(video).toMatchObject({ status: 'failed', error: { code } })
  })
})

describe('with allow_partial a film', () => {
  test.each([
    ['cut at 60 %', cutFilm, 0.6],
    ['in Matroska, cut at 60 %', cutMatroska, 0.6],
    ['in Flash Video, cut at 60 %', () => cutOther('flv'), 0.6],
    ['cut in its second GOP', cutEarly, 0.2],
  ])('%s becomes what there is, and says how much', async (_, make, share) => {
    const { video, frames, sound, source, events, decoded } = await made(await make(), true)
    expect(video).toMatchObject({ status: 'completed', error: null, options: { allow_partial: true } })
    expect(frames).toBeGreaterThan((share - 0.1) * seconds * 30)
    expect(frames).toBeLessThan((share + 0.1) * seconds * 30)
    expect(await decoded()).toBe(frames)
    expect(sound).toMatchObject({ state: 'ready' })
    expect(Math.abs((sound?.duration_s ?? 0) - frames / 30)).toBeLessThan(1)
    expect(source).toMatchObject({ passed: false, code: null })
    expect(source?.detail).toContain(`${frames} of ${seconds * 30} frames`)
    expect(source?.detail).toContain('truncated_input')
    expect(events.find(({ kind }) => kind === 'source_damaged')?.data).toMatchObject({
      code: 'truncated_input',
    })
  })

  test('with noise in the middle keeps its length and its sound', async () => {
    const { video, frames, sound, source, decoded } = await made(await damagedFilm(), true)
    expect(video).toMatchObject({ status: 'completed' })
    expect(frames).toBe(seconds * 30)
    expect(await decoded()).toBe(frames)
    expect(sound).toMatchObject({ state: 'ready' })
    expect(source).toMatchObject({ passed: false, detail: expect.stringContaining('corrupt_input') })
  })

  test('that is whole passes its check, and no event is written', async () => {
    const { source, events } = await made(await clip({ seconds: 3 }), true)
    expect(source).toEqual({ check: 'source', passed: true, detail: '90 of 90 frames', code: null })
    expect(events.map(({ kind }) => kind)).not.toContain('source_damaged')
  })

  test('without its index fails all the same', async () => {
    const path = cut('partial-headless.mp4', await clip({ seconds: 3, more: ['-movflags', '0'] }), 0.6)
    const { video } = await made(path, true)
    expect(video).toMatchObject({ status: 'failed', error: { code: 'truncated_input' } })
  })

  test('of which nothing can be decoded fails all the same', async () => {
    const { video } = await made(await noPictures(), true)
    expect(video).toMatchObject({ status: 'failed', error: { code: 'no_video' } })
  })
})

test('a cut transport stream, which promises nothing, completes as the whole that it is', async () => {
  const path = cut('partial-cut.ts', await film('ts'), 0.613)
  const { video, frames, source, decoded } = await made(path)
  expect(video).toMatchObject({ status: 'completed' })
  expect(await decoded()).toBe(frames)
  expect(source).toMatchObject({ passed: true })
})
