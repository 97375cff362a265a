import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { CUE_OFFSET_S, subtitleArgs } from '../../../src/media/argv/subtitle-args.ts'
import { runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { moveCues, readCues } from '../../../src/media/manifests/webvtt.ts'
import { progressFd } from '../../../src/media/pipes.ts'
import { planSource } from './encode-run.ts'
import { createScratch, picture } from './scratch.ts'
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

const srt = `1
00:00:00,250 --> 00:00:01,500
Hello <i>world</i> & <script>alert(1)</script>

2
00:00:02,001 --> 00:00:03,000
with an --> arrow
`

/** The cues of a film as its plan has them moved. */
async function cuesOf(name: string) {
  const url = store.url(name)
  const { subtitles } = await planSource(url)
  const [plan] = subtitles
  if (!plan) throw new Error('there are subtitles')
  const pieces: Buffer[] = []
  const run = runFfmpeg({
    path: 'ffmpeg',
    args: subtitleArgs({ plan, input: httpInput({ url, etag: ETAG }), progressFd: progressFd(1) }),
    outputs: 1,
    cwd: scratch.path,
    signal: new AbortController().signal,
    stallMs: 10_000,
    onData: (_, piece) => pieces.push(piece),
  })
  expect(await run.done).toMatchObject({ exitCode: 0, decodeErrors: 0 })
  const [numerator, denominator] = plan.origin
  const originMs = Math.round((1000 * numerator) / denominator)
  return moveCues(readCues(Buffer.concat(pieces).toString()), -originMs - 1000 * CUE_OFFSET_S)
}

/** A film of 4 s with the text in the given form; `move` is for ffmpeg's `-output_ts_offset`. */
async function captioned(name: string, codec: string, move = '0'): Promise<void> {
  const text = join(scratch.path, 'text.srt')
  await writeFile(text, srt)
  const film = [...picture('160x90', '30', 4), '-i', text, '-map', '0', '-map', '1']
  const encoder = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:s', codec, '-output_ts_offset', move]
  await scratch.make(name, ...film, ...encoder)
}

test.each([
  ['mov_text in MP4', 'a.mp4', 'mov_text', '0'],
  ['SubRip in Matroska', 'b.mkv', 'srt', '0'],
  ['ASS in Matroska', 'c.mkv', 'ass', '0'],
  ['WebVTT in Matroska', 'd.mkv', 'webvtt', '0'],
  ['SubRip in a film whose clock starts at ten hours', 'e.mkv', 'srt', '36000'],
])('%s: every cue at its time, with no script in it', async (_, name, codec, move) => {
  await captioned(name, codec, move)
  const cues = await cuesOf(name)
  expect(cues.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [250, 1500],
    [2001, 3000],
  ])
  expect(cues[0]?.text).toMatch(/^Hello <i>world<\/i> &amp; /)
  expect(cues[0]?.text).not.toContain('<script')
  expect(cues[1]?.text).toMatch(/^with an --(&gt;)? ?arrow$/)
})

test('a track that begins before the first picture loses only what lies before it', async () => {
  await captioned('f.mkv', 'srt')
  const film = join(scratch.path, 'f.mkv')
  await scratch.make(
    'g.mkv',
    '-itsoffset',
    '1',
    '-i',
    film,
    '-i',
    film,
    '-map',
    '0:v',
    '-map',
    '1:s',
    '-c',
    'copy',
  )
  expect((await cuesOf('g.mkv')).map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [0, 500],
    [1001, 2000],
  ])
})
