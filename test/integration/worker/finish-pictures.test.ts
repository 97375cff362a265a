import { createHash } from 'node:crypto'
import { execa } from 'execa'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { FencedError } from '../../../src/errors.ts'
import type { Plan } from '../../../src/media/model.ts'
import { jobOptionsSchema } from '../../../src/media/plan/job-options.ts'
import type { AssembledTrack, DoneTask } from '../../../src/media/segments/assemble.ts'
import { createJpegReader } from '../../../src/media/segments/jpeg-reader.ts'
import type { FragmentEntry } from '../../../src/media/stored.ts'
import type { Storage } from '../../../src/storage.ts'
import { makePictures } from '../../../src/worker/finish-pictures.ts'
import { encodeVideoSample, FRAME_DURATION, GOP_FRAMES, readFragments } from '../../support/encode-sample.ts'
import { searchedLog } from '../../support/log-search/searched-log.ts'
import { smallPlan } from '../api/rows.ts'
import { failing } from '../store-proxy.ts'
import { createStoreUnderTest, type StoreUnderTest } from '../store-under-test.ts'

let store: StoreUnderTest
let jpegs: Buffer[]
let init: Buffer
let fragments: Buffer[]

beforeAll(async () => {
  const [sample, made] = await Promise.all([encodeVideoSample({ widths: [128], frames: 60 }), fourPictures()])
  const film = readFragments(sample[0] ?? Buffer.alloc(0))
  init = film.init
  fragments = film.fragments.map((parts) => Buffer.concat(parts))
  jpegs = made
  store = await createStoreUnderTest()
}, 30_000)
afterAll(() => store[Symbol.asyncDispose]())
beforeEach(() => store.proxy.meet(() => false))

async function fourPictures(): Promise<Buffer[]> {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=1:d=4', '-vf', 'scale=out_range=pc']
  const { stdout } = await execa(
    'ffmpeg',
    ['-v', 'error', ...source, '-c:v', 'mjpeg', '-strict', 'unofficial', '-f', 'image2pipe', 'pipe:1'],
    { encoding: 'buffer' },
  )
  const pictures: Buffer[] = []
  const reader = createJpegReader({ onPicture: (jpeg) => pictures.push(jpeg), maxBytes: 100_000 })
  reader.push(Buffer.from(stdout))
  reader.end()
  return pictures
}

/** A film of 60 frames in one segment, with a picture each 15, as its rows and objects are before the finish. */
async function aFilm(change: { pictures?: Buffer | null; init?: Buffer } = {}) {
  const pictures = change.pictures === undefined ? Buffer.concat(jpegs) : change.pictures
  const segment = await putTrack('top', Buffer.concat(fragments), fragments)
  const stored = await putTrack('pictures', Buffer.concat(jpegs), jpegs)
  if (pictures === null) await store.storage.remove([stored.key])
  else await put(stored.key, pictures)
  const initKey = `processed/film/${Math.random()}`
  await put(initKey, change.init ?? init)
  const about = { key: initKey, bytes: init.length, sha256: '', codec: 'avc1.64001f', timescale: 30_000 }
  const top: AssembledTrack = { name: '64p', init: about, segments: [segment], frames: 60, durationS: 2 }
  const objects = { tracks: { '64p': segment, pictures: stored }, inits: {} }
  const tasks: DoneTask[] = [{ position: 0, segments: [{ idx: 0, frames: 60, objects }] }]
  return { plan: aPlan(), video: [top], tasks }
}

function aPlan(): Plan {
  const { video, ...plan } = smallPlan()
  const [rung] = video?.rungs ?? []
  if (!video || !rung) throw new Error('there is a rung')
  const pictures = { every_frames: GOP_FRAMES, width: 160, height: 90 }
  const rungs = [{ ...rung, width: 128, height: 64 }]
  return { ...plan, video: { ...video, frame_duration: FRAME_DURATION, pictures, rungs } }
}

async function putTrack(name: string, bytes: Buffer, parts: readonly Buffer[]) {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const key = `processed/film/${name}-${Math.random()}`
  await put(key, bytes)
  let offset = 0
  const listed = parts.map((part, index): FragmentEntry => {
    const at = offset
    offset += part.length
    return [at, part.length, 1, index * GOP_FRAMES * FRAME_DURATION]
  })
  return { key, bytes: bytes.length, sha256, duration: 60 * FRAME_DURATION, fragments: listed }
}

const put = (key: string, bytes: Buffer) =>
  store.storage.put(key, bytes, { contentType: 'image/jpeg', signal: AbortSignal.timeout(10_000) })

function make(film: Awaited<ReturnType<typeof aFilm>>, storage: Storage = store.storage, stop?: AbortSignal) {
  const task = {
    ...{ taskId: 7, videoId: '0193a0a0-0000-7000-8000-000000000000', fence: 1 },
    ...{ kind: 'finish' as const, position: 0, attempt: 0, crashes: 0, input: null, generation: 0 },
    ...{ plan: null, sourceKey: null, sourceEtag: null, sourceBytes: null },
    options: jobOptionsSchema.parse({}),
  }
  const run = {
    ...{ task, log: searchedLog('worker'), mark: () => {}, scratch: async () => store.folder },
    ...{ signal: stop ?? AbortSignal.timeout(30_000), drain: new AbortController().signal },
  }
  return makePictures({ config: { FFMPEG_PATH: 'ffmpeg', STALL_MS: 10_000 }, storage }, run, film)
}

test('the pictures of a film become one sheet, its WebVTT and a poster', async () => {
  const { outputs, faults } = await make(await aFilm())
  expect(faults).toEqual([])
  expect(outputs.storyboard).toMatchObject({ pictures: 4, columns: 4, rows: 1, every_s: 0.5, duration_s: 2 })
  const poster = await store.stored(outputs.poster_key ?? '')
  const [sheet] = await Promise.all((outputs.storyboard?.sheet_keys ?? []).map(store.stored))
  expect(await sizeOf(poster)).toBe('128,64')
  expect(await sizeOf(sheet ?? poster)).toBe('640,90')
})

async function sizeOf(jpeg: Buffer): Promise<string> {
  const args = ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'stream=width,height', '-f', 'mjpeg']
  return (await execa('ffprobe', [...args, '-i', 'pipe:0'], { input: jpeg })).stdout
}

test.each([
  ['are gone', () => null, 'object_missing'],
  ['have another size', () => Buffer.from('short'), 'object_missing'],
  ['are none', () => Buffer.alloc(Buffer.concat(jpegs).length, 0x20), 'bad_picture'],
  ['are fewer', () => withoutLast(), 'pictures_disagree'],
])('when they %s, the film is whole without them, and the fault is told', async (_, pictures, code) => {
  const { outputs, faults } = await make(await aFilm({ pictures: pictures() }))
  expect(outputs).toEqual({})
  expect(faults).toMatchObject([{ code }])
})

/** As long as all of them. */
function withoutLast(): Buffer {
  const bytes = Buffer.alloc(Buffer.concat(jpegs).length)
  Buffer.concat(jpegs.slice(0, -1)).copy(bytes)
  return bytes
}

test('when the poster cannot be made, the storyboard stays', async () => {
  const { outputs, faults } = await make(await aFilm({ init: Buffer.from('no init') }))
  expect(outputs.poster_key).toBeUndefined()
  expect(outputs.storyboard).toMatchObject({ pictures: 4 })
  expect(faults).toHaveLength(1)
})

test('while the store is away the task is put off, and nothing is given up', async () => {
  const film = await aFilm()
  store.proxy.meet(failing({ times: 1000, status: 503 }))
  await expect(make(film, store.proxied)).rejects.toMatchObject({ code: 'storage_unavailable' })
}, 20_000)

test('a run that lost its task ends with that reason', async () => {
  const stop = AbortSignal.abort(new FencedError())
  await expect(make(await aFilm(), store.storage, stop)).rejects.toBeInstanceOf(FencedError)
})

test('a film without planned pictures has none', async () => {
  const film = await aFilm()
  const video = film.plan.video && { ...film.plan.video, pictures: null }
  expect(await make({ ...film, plan: { ...film.plan, video } })).toEqual({ outputs: {}, faults: [] })
  expect(await make({ ...film, video: [] })).toEqual({ outputs: {}, faults: [] })
})
