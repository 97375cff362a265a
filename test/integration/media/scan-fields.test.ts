import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scanFields } from '../../../src/media/probe/scan-fields.ts'
import { createScratch } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
let store: Awaited<ReturnType<typeof startSourceServer>>

beforeAll(async () => {
  scratch = await createScratch()
  store = await startSourceServer(scratch.path)
})
afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await scratch[Symbol.asyncDispose]()
})

const scan = (name: string, etag = ETAG) =>
  scanFields({
    ffmpegPath: 'ffmpeg',
    url: store.url(name),
    etag,
    streamIndex: 0,
    cwd: scratch.path,
    signal: new AbortController().signal,
    stallMs: 20_000,
  })

const bars = 'color=white:size=160x90:rate=50,drawbox=x=0:y=0:w=40:h=90:color=black:t=fill,scroll=h=0.03'
const make = (name: string, filters: string, seconds: number) =>
  scratch.make(name, '-f', 'lavfi', '-i', bars, '-vf', filters, '-t', String(seconds), '-c:v', 'libx264')

test('the fields of the first 200 frames are told apart by the pictures, not by flags', async () => {
  await make('woven.mp4', 'tinterlace=mode=interleave_top,setfield=bff', 10)
  await make('whole.mp4', 'setfield=tff', 1)
  expect(await scan('woven.mp4')).toEqual({ top_first: 200, bottom_first: 0, progressive: 0 })
  expect(await scan('whole.mp4')).toEqual({ top_first: 0, bottom_first: 0, progressive: 50 })
})

test('nothing is found in what cannot be decoded, and a replaced source is told', async () => {
  await writeFile(join(scratch.path, 'noise.mp4'), 'x'.repeat(10_000))
  expect(await scan('noise.mp4')).toBeNull()
  await expect(scan('whole.mp4', 'another')).rejects.toMatchObject({ code: 'source_changed' })
})
