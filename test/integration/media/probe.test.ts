import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config.ts'
import { probeSource } from '../../../src/media/probe/probe.ts'
import { sourceLimits } from '../../../src/media/probe/source-limits.ts'
import { createScratch, picture, processesWith, tone } from './scratch.ts'
import { ETAG, startSourceServer } from './source-server.ts'

type Server = Awaited<ReturnType<typeof startSourceServer>>
type Scratch = Awaited<ReturnType<typeof createScratch>>

let scratch: Scratch
let store: Server
let canary: Server

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast']

beforeAll(async () => {
  scratch = await createScratch()
  canary = await startSourceServer()
  store = await startSourceServer(scratch.path, {
    '/403': (_, response) => void response.writeHead(403).end(),
    '/hangs': () => {},
    '/closes': (request) => void request.socket.destroy(),
  })
}, 30_000)

afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await canary[Symbol.asyncDispose]()
  await scratch[Symbol.asyncDispose]()
})

const never = new AbortController().signal

function probe(
  name: string,
  more: { sizeBytes?: number; etag?: string; timeoutMs?: number; signal?: AbortSignal } = {},
) {
  const request = {
    ffprobePath: 'ffprobe',
    url: store.url(name),
    etag: ETAG,
    sizeBytes: 1000,
    cwd: scratch.path,
    limits: sourceLimits(loadConfig({})),
    signal: never,
    timeoutMs: 20_000,
  }
  return probeSource({ ...request, ...more })
}

const refusal = (name: string, code: string) => expect.objectContaining({ name, code })

describe('a probe finds', () => {
  test('the pictures, the sound, the title and the language of a film', async () => {
    const tags = ['-metadata', 'title=A <b> film\nin two lines', '-metadata:s:a:0', 'language=deu']
    await scratch.make(
      'film',
      ...picture('160x90', '30000/1001', 2),
      ...tone(2, 44100),
      ...X264,
      '-bf',
      '2',
      '-c:a',
      'aac',
      ...tags,
      '-f',
      'mp4',
    )
    const media = await probe('film')
    expect(media).toMatchObject({
      format: expect.stringContaining('mp4'),
      title: 'A <b> film in two lines',
      size_bytes: 1000,
    })
    expect(media.video).toMatchObject({
      codec: 'h264',
      width: 160,
      height: 90,
      nominal_rate: [30000, 1001],
      rotation: 0,
      interlaced: false,
      first_pts: 0,
    })
    expect(media.video?.duration_s).toBeCloseTo(2, 1)
    expect(media.audio).toMatchObject([
      { codec: 'aac', sample_rate: 44100, channels: 1, language: 'deu', default: true },
    ])
  })

  test('the first picture that is shown, behind an edit list', async () => {
    await scratch.make('whole.mp4', ...picture('160x90', '30', 4), ...X264, '-g', '300', '-bf', '2')
    await scratch.make('cut.mp4', '-ss', '1.5', '-i', join(scratch.path, 'whole.mp4'), '-c', 'copy')
    const { video } = await probe('cut.mp4')
    expect(video?.first_pts).toBeGreaterThanOrEqual(0)
    expect(video?.first_pts).toBeLessThan(512)
    expect(video?.start_s).toBe(0)
  })

  test('the turn of a phone clip and the shape of oblong pixels', async () => {
    await scratch.make('flat.mp4', ...picture('160x90', '30', 0.5), ...X264, '-vf', 'setsar=64/45')
    await scratch.make(
      'turned.mp4',
      '-i',
      join(scratch.path, 'flat.mp4'),
      '-c',
      'copy',
      '-metadata:s:v:0',
      'rotate=270',
    )
    expect((await probe('turned.mp4')).video).toMatchObject({
      rotation: expect.toSatisfy((turn) => turn === 90 || turn === 270),
      pixel_aspect: [64, 45],
    })
  })

  test('fields, and which comes first', async () => {
    const fields = (order: string, flag: string) => [
      '-vf',
      `tinterlace=${order},setfield=${flag}`,
      ...X264,
      '-flags',
      '+ilme+ildct',
      '-x264-params',
      `${flag}=1`,
    ]
    await scratch.make('tff.mp4', ...picture('160x96', '50', 1), ...fields('interleave_top', 'tff'))
    await scratch.make('bff.mp4', ...picture('160x96', '50', 1), ...fields('interleave_bottom', 'bff'))
    expect((await probe('tff.mp4')).video).toMatchObject({ interlaced: true, top_field_first: true })
    expect((await probe('bff.mp4')).video).toMatchObject({ interlaced: true, top_field_first: false })
  })

  test('HDR and its light level', async () => {
    const light =
      'hdr10=1:max-cll=1200,400:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:log-level=none'
    await scratch.make(
      'hdr.mp4',
      ...picture('160x90', '10', 0.5),
      '-pix_fmt',
      'yuv420p10le',
      '-c:v',
      'libx265',
      '-x265-params',
      light,
    )
    expect((await probe('hdr.mp4')).video?.color).toMatchObject({
      transfer: 'smpte2084',
      primaries: 'bt2020',
      max_cll: 1200,
    })
  })

  test('sound behind its cover, and no film', async () => {
    await scratch.make('cover.png', ...picture('64x64', '1', 1), '-frames:v', '1')
    await scratch.make(
      'song.mp3',
      ...tone(1),
      '-i',
      join(scratch.path, 'cover.png'),
      '-map',
      '0',
      '-map',
      '1',
      '-c:v',
      'copy',
      '-disposition:v',
      'attached_pic',
    )
    expect(await probe('song.mp3')).toMatchObject({ video: null, audio: [{ codec: 'mp3' }] })
  })

  test('a film beside streams whose decoders ffmpeg may not open, and calls those by their codecs', async () => {
    await scratch.make('cover.bmp', ...picture('64x64', '1', 1), '-frames:v', '1')
    await writeFile(join(scratch.path, 'said.srt'), '1\n00:00:00,000 --> 00:00:01,000\nHello\n')
    await scratch.make(
      'mixed.mkv',
      ...picture('64x64', '10', 1),
      ...tone(1),
      ...['-i', join(scratch.path, 'said.srt')],
      ...['-map', '0', '-map', '1', '-map', '1', '-map', '1', '-map', '2'],
      ...X264,
      ...['-c:a:0', 'aac', '-c:a:1', 'tta', '-c:a:2', 'wavpack', '-c:s', 'text'],
      ...['-attach', join(scratch.path, 'cover.bmp'), '-metadata:s:t', 'mimetype=image/bmp'],
    )
    const media = await probe('mixed.mkv')
    expect(media.video).toMatchObject({ codec: 'h264' })
    expect(media.audio.map(({ codec }) => codec)).toEqual(['aac', 'tta', 'wavpack'])
  })

  test('subtitles, with their languages', async () => {
    await writeFile(join(scratch.path, 'words.srt'), '1\n00:00:00,000 --> 00:00:01,000\nHello\n')
    await scratch.make(
      'subtitled.mkv',
      ...picture('64x64', '10', 1),
      '-i',
      join(scratch.path, 'words.srt'),
      ...X264,
      '-c:s',
      'copy',
      '-metadata:s:s:0',
      'language=fra',
    )
    expect((await probe('subtitled.mkv')).subtitles).toMatchObject([
      { codec: 'subrip', language: 'fra', forced: false },
    ])
  })
})

describe('a probe refuses at once', () => {
  test.each([
    ['playlist.mp4', '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nCANARY\n#EXT-X-ENDLIST\n'],
    ['playlist', '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nCANARY\n#EXT-X-ENDLIST\n'],
    ['concat.mp4', 'ffconcat version 1.0\nfile CANARY\n'],
    ['concat', 'ffconcat version 1.0\nfile CANARY\n'],
    [
      'manifest',
      '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static"><Period><AdaptationSet><Representation id="1"><BaseURL>CANARY</BaseURL></Representation></AdaptationSet></Period></MPD>',
    ],
    ['session', 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n'],
    ['text.mp4', 'this is no film\n'],
    ['page', '<!doctype html><html><img src="CANARY"></html>'],
  ])('%s, and calls no address in it', async (name, text) => {
    await writeFile(join(scratch.path, name), text.replace('CANARY', canary.url('secret')))
    await expect(probe(name)).rejects.toEqual(refusal('PermanentError', 'unsupported_container'))
    expect(canary.requests).toEqual([])
  })

  test('a picture named .mp4', async () => {
    await scratch.make('dot.jpg', ...picture('64x64', '1', 1), '-frames:v', '1')
    await scratch.make('picture.mp4', '-i', join(scratch.path, 'dot.jpg'), '-c', 'copy', '-f', 'image2')
    await expect(probe('picture.mp4')).rejects.toEqual(refusal('PermanentError', 'unsupported_container'))
  })

  test('an empty file, without asking for it', async () => {
    const before = store.requests.length
    await expect(probe('nothing', { sizeBytes: 0 })).rejects.toEqual(
      refusal('PermanentError', 'empty_source'),
    )
    expect(store.requests).toHaveLength(before)
  })

  test('a film cut off before its table of contents', async () => {
    await scratch.make('tail.mp4', ...picture('160x90', '30', 2), ...X264)
    await writeFile(
      join(scratch.path, 'headless'),
      (await readFile(join(scratch.path, 'tail.mp4'))).subarray(0, 20_000),
    )
    await expect(probe('headless')).rejects.toEqual(refusal('PermanentError', 'truncated_input'))
  })

  // Of these the reader says "End of file", "Truncating packet" and "File ended prematurely".
  test.each([40, 60, 100, 300])('a film in Matroska cut off after %i bytes', async (bytes) => {
    await scratch.make('whole.mkv', ...picture('64x64', '10', 0.3), ...X264)
    const head = (await readFile(join(scratch.path, 'whole.mkv'))).subarray(0, bytes)
    await writeFile(join(scratch.path, 'head'), head)
    await expect(probe('head')).rejects.toEqual(refusal('PermanentError', 'truncated_input'))
  })

  test('a film whose sound has a header that its decoder cannot read', async () => {
    await scratch.make('sound.webm', ...picture('64x64', '10', 0.3), ...tone(0.3), '-c:a', 'libvorbis')
    const bytes = await readFile(join(scratch.path, 'sound.webm'))
    // The third header of Vorbis (§4.2.4), behind its name.
    const codebooks = bytes.indexOf('\u0005vorbis', 'latin1') + 7
    await writeFile(join(scratch.path, 'noise'), bytes.fill(0xff, codebooks, codebooks + 100))
    await expect(probe('noise')).rejects.toEqual(refusal('PermanentError', 'corrupt_input'))
  })

  test('a decoder that is not on the list', async () => {
    await scratch.make('magic.mkv', ...picture('64x64', '10', 0.3), '-c:v', 'magicyuv')
    await expect(probe('magic.mkv')).rejects.toEqual(refusal('PermanentError', 'unsupported_codec'))
  })

  test('a picture of more than 8192×4320, without decoding it', async () => {
    await scratch.make('large.mp4', ...picture('8320x4352', '1', 1), '-c:v', 'mjpeg', '-q:v', '31')
    await expect(probe('large.mp4')).rejects.toEqual(refusal('PermanentError', 'too_large_picture'))
  })

  test.each([40, 1_000])('%i tracks', async (tracks) => {
    await scratch.make('one.mp4', ...tone(0.2), '-c:a', 'aac')
    const maps = Array<string[]>(tracks).fill(['-map', '0:a']).flat()
    await scratch.make('many.mp4', '-i', join(scratch.path, 'one.mp4'), ...maps, '-c', 'copy')
    await expect(probe('many.mp4')).rejects.toEqual(refusal('PermanentError', 'too_many_streams'))
  })

  test('an object that is not the one of its ETag', async () => {
    await scratch.make('small.mp4', ...picture('64x64', '10', 0.3), ...X264)
    await expect(probe('small.mp4', { etag: 'another' })).rejects.toEqual(
      refusal('PermanentError', 'source_changed'),
    )
  })
})

describe('a probe may be tried again after', () => {
  test.each(['403', 'missing', 'closes'])(
    'the answer of the store to %s, which is told without its address',
    async (name) => {
      const failed = probe(name)
      await expect(failed).rejects.toEqual(refusal('TransientError', 'source_unreachable'))
      await expect(failed).rejects.not.toThrow(/Signature|127\.0\.0\.1/)
    },
  )

  test('a store that says nothing, and no process is left', async () => {
    await expect(probe('hangs', { timeoutMs: 300 })).rejects.toEqual(
      refusal('TransientError', 'source_unreachable'),
    )
    expect(await processesWith(store.url('hangs'))).toEqual([])
  })

  test('an abort, which throws its own reason and leaves no process', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('enough')), 200)
    await expect(probe('hangs', { signal: controller.signal })).rejects.toThrow('enough')
    expect(await processesWith(store.url('hangs'))).toEqual([])
  })
})
