import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { json } from '../../../src/db.ts'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'
import { insertSegment, insertTask, insertVideo, smallPlan } from './rows.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const rungs = ['360p', '240p']
let id: string
let chunks: number[]
let audio: number
beforeEach(async () => {
  id = await insertVideo(api.sql, { status: 'processing', plan: smallPlan() })
  chunks = [
    await insertTask(api.sql, { videoId: id, kind: 'video', position: 0, state: 'running' }),
    await insertTask(api.sql, { videoId: id, kind: 'video', position: 1, state: 'running' }),
  ]
  audio = await insertTask(api.sql, { videoId: id, kind: 'audio', state: 'running' })
})

async function playlist(path: string): Promise<{ status: number; headers: Headers; lines: string[] }> {
  const response = await api.request(`/videos/${id}/hls/${path}`)
  return {
    status: response.status,
    headers: response.headers,
    lines: (await response.text()).trimEnd().split('\n'),
  }
}

/** The object names that a media playlist points to, in order, without folders and signatures. */
function namesIn(lines: string[]): string[] {
  return lines.flatMap((line) => /([\w-]+\.(?:m4s|mp4))/.exec(line)?.[1] ?? [])
}

const segment = (chunk: 0 | 1, idx: number, seconds?: number) =>
  insertSegment(api.sql, { taskId: chunks[chunk] ?? 0, idx, tracks: rungs, ...(seconds ? { seconds } : {}) })
const sound = (idx: number) => insertSegment(api.sql, { taskId: audio, idx, tracks: ['audio-0'] })
const finishTask = (taskId = 0) => api.sql`update tasks set state = 'done' where id = ${taskId}`

/** As a finish leaves it: two rungs and a sound track of two segments each. */
async function complete(): Promise<void> {
  const track = (name: string, timescale: number) => ({
    init: { key: `processed/x/${name}-init.mp4`, bytes: 700, sha256: 'b', codec: 'avc1.64001f', timescale },
    segments: [0, 1].map((n) => ({
      key: `processed/x/${name}-${n}.m4s`,
      bytes: 9,
      sha256: 'a',
      duration: 4 * timescale,
      fragments: [0, 1].map((gop) => [5 * gop, 3, 60, (4 * n + 2 * gop) * timescale]),
    })),
  })
  await api.sql`update videos set status = 'completed' where id = ${id}`
  for (const [position, name] of rungs.entries()) {
    const { init, segments } = track(name, 15_360)
    await api.sql`insert into resolutions (video_id, name, position, width, height, fps, max_bitrate_bps, state,
        average_bitrate_bps, peak_bitrate_bps, iframe_playlist_key, iframe_average_bitrate_bps,
        iframe_peak_bitrate_bps, init, segments)
      values (${id}, ${name}, ${position}, 640, 360, '30/1', 800000, 'ready', 500000, 700000, 'k', 5000, 7000,
        ${json(api.sql, init)}, ${json(api.sql, segments)})`
  }
  const { init, segments } = track('audio-0', 48_000)
  await api.sql`insert into tracks (video_id, kind, position, name, state, average_bitrate_bps, peak_bitrate_bps, init, segments)
    values (${id}, 'audio', 0, 'audio-0', 'ready', 100000, 130000, ${json(api.sql, { ...init, codec: 'mp4a.40.2' })},
      ${json(api.sql, segments)})`
}

describe('while the video is processed', () => {
  test.each(['master.m3u8', '360p.m3u8', 'audio-0.m3u8'])(
    '%s is 404 with Retry-After until something plays',
    async (file) => {
      const { status, headers, body } = await api.ask(`/videos/${id}/hls/${file}`)
      expect([status, body.code, headers.get('retry-after')]).toEqual([404, 'not_playable_yet', '2'])
      expect(body.detail).toBe('Nothing of the video can be played yet; ask again soon.')
      expect(headers.get('access-control-allow-origin')).toBe('*')
    },
  )

  test('the master waits for the sound, for a player never asks twice', async () => {
    await segment(0, 0)
    expect((await playlist('master.m3u8')).status).toBe(404)
    await sound(0)
    const { status, headers, lines } = await playlist('master.m3u8')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(lines).toContain('360p.m3u8?g=1')
    expect(lines.find((line) => line.startsWith('#EXT-X-MEDIA'))).toContain('URI="audio-0.m3u8?g=1"')
    const variant = lines.find((line) => line.includes('640x360'))
    // (800,000 + 128,000) × 1.1
    expect(variant).toMatch(/BANDWIDTH=102080[01],.*CODECS="avc1\.64001f,mp4a\.40\.2"/)
  })

  test('a sound track that could not be made is left out', async () => {
    await segment(0, 0)
    await finishTask(audio)
    const { lines } = await playlist('master.m3u8')
    expect(lines).toContain('360p.m3u8?g=1')
    expect(lines.join('\n')).not.toContain('audio')
  })

  test('a track plays as far as it is there in order: the next chunk only once the one before is done', async () => {
    await segment(0, 0, 2)
    await segment(0, 1)
    await segment(1, 0)
    const first = await playlist('360p.m3u8?g=1')
    expect(first.lines).toEqual(
      expect.arrayContaining(['#EXT-X-PLAYLIST-TYPE:EVENT', '#EXTINF:2.000000,', '#EXT-X-TARGETDURATION:5']),
    )
    expect(first.lines).not.toContain('#EXT-X-ENDLIST')
    expect(namesIn(first.lines)).toEqual(['360p-init.mp4', '360p-0.m4s', '360p-1.m4s'])
    await finishTask(chunks[0])
    expect(namesIn((await playlist('240p.m3u8')).lines)).toEqual([
      '240p-init.mp4',
      '240p-0.m4s',
      '240p-1.m4s',
      '240p-0.m4s',
    ])
  })

  describe('with a track of text', () => {
    let text: number
    beforeEach(async () => {
      const subtitle = { position: 0, stream_index: 2, title: 'Words', default: false, forced: false }
      const plan = { ...smallPlan(), subtitles: [{ ...subtitle, language: 'eng', origin: [0, 1] }] }
      await api.sql`update videos set plan = ${json(api.sql, plan)} where id = ${id}`
      text = await insertTask(api.sql, { videoId: id, kind: 'subtitle', state: 'running' })
      await segment(0, 0)
      await sound(0)
    })
    const made = async () => {
      const stored = {
        key: 'processed/x/subtitle-0.vtt',
        bytes: 9,
        sha256: 'c',
        duration: 3500,
        fragments: [],
      }
      await api.sql`insert into segments (task_id, idx, frames, objects)
        values (${text}, 0, 2, ${json(api.sql, { tracks: { 'subtitle-0': stored }, inits: {} })})`
      await finishTask(text)
    }

    test('the master does not wait for it, and names it once it is made', async () => {
      expect((await playlist('master.m3u8')).lines.join()).not.toContain('SUBTITLES')
      const early = await api.ask(`/videos/${id}/hls/subtitle-0.m3u8`)
      expect([early.status, early.body.code]).toEqual([404, 'not_playable_yet'])
      await made()
      expect((await playlist('master.m3u8')).lines).toContain(
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Words",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="subtitle-0.m3u8?g=1"',
      )
    })

    test('its playlist is whole at once, as long as the film is to be', async () => {
      await made()
      const { lines } = await playlist('subtitle-0.m3u8?g=1')
      expect(lines).toEqual(
        expect.arrayContaining([
          '#EXT-X-PLAYLIST-TYPE:VOD',
          '#EXT-X-TARGETDURATION:20',
          '#EXTINF:20.000000,',
        ]),
      )
      expect(lines.at(-2)).toContain('processed/x/subtitle-0.vtt')
      expect(lines.at(-1)).toBe('#EXT-X-ENDLIST')
    })

    test('one that could not be made is not named', async () => {
      await finishTask(text)
      expect((await playlist('master.m3u8')).lines.join()).not.toContain('SUBTITLES')
      const { status } = await api.ask(`/videos/${id}/hls/subtitle-1.m3u8`)
      expect(status).toBe(404)
    })
  })

  test('nothing behind a hole is listed', async () => {
    await segment(0, 0)
    await segment(0, 2)
    await finishTask(chunks[0])
    await segment(1, 0)
    expect(namesIn((await playlist('360p.m3u8')).lines)).toEqual(['360p-init.mp4', '360p-0.m4s'])
  })

  test('a chunk beyond the real end has no segments and does not break the row', async () => {
    await segment(0, 0)
    await finishTask(chunks[0])
    await finishTask(chunks[1])
    const { lines } = await playlist('360p.m3u8')
    expect(namesIn(lines)).toEqual(['360p-init.mp4', '360p-0.m4s'])
    // All is there, but only `completed` says that it was checked.
    expect(lines).not.toContain('#EXT-X-ENDLIST')
  })

  test('the addresses stay the same from one request to the next', async () => {
    await segment(0, 0)
    const first = await playlist('360p.m3u8')
    await segment(0, 1)
    const second = await playlist('360p.m3u8')
    expect(second.lines.slice(0, first.lines.length)).toEqual(first.lines)
  })

  test('an address of an earlier generation is gone, and a name the plan lacks is 404', async () => {
    await segment(0, 0)
    for (const file of ['360p.m3u8?g=0', '1080p.m3u8', 'audio-7.m3u8', 'x.txt', '..%2fmaster.m3u8']) {
      const { status, body } = await api.ask(`/videos/${id}/hls/${file}`)
      expect([file, status, body.code]).toEqual([file, 404, 'track_not_found'])
    }
  })
})

describe('when the video is completed', () => {
  beforeEach(complete)

  test('the master tells the measured rates, highest rung first', async () => {
    const { lines } = await playlist('master.m3u8')
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual(['360p.m3u8?g=1', '240p.m3u8?g=1'])
    expect(lines.join('\n')).toContain('BANDWIDTH=830000,AVERAGE-BANDWIDTH=600000')
  })

  test.each(['360p', 'audio-0'])('the playlist of %s is whole and ends', async (name) => {
    const { lines } = await playlist(`${name}.m3u8?g=1`)
    expect(lines).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
    expect(lines.at(-1)).toBe('#EXT-X-ENDLIST')
    expect(namesIn(lines)).toEqual([`${name}-init.mp4`, `${name}-0.m4s`, `${name}-1.m4s`])
    expect(lines.filter((line) => line === '#EXTINF:4.000000,')).toHaveLength(2)
  })
})

describe('key pictures for a seek bar', () => {
  test('are in the master of a completed video, a stream for each rung without sound', async () => {
    await segment(0, 0)
    await sound(0)
    expect((await playlist('master.m3u8')).lines.join()).not.toContain('I-FRAME')
    await complete()
    const streams = (await playlist('master.m3u8')).lines.filter((line) =>
      line.includes('I-FRAME-STREAM-INF'),
    )
    expect(streams).toEqual([
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=7000,AVERAGE-BANDWIDTH=5000,CODECS="avc1.64001f",RESOLUTION=640x360,URI="360p-iframes.m3u8?g=1"',
      '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=7000,AVERAGE-BANDWIDTH=5000,CODECS="avc1.64001f",RESOLUTION=426x240,URI="240p-iframes.m3u8?g=1"',
    ])
  })

  test('have a playlist with a range for each GOP', async () => {
    await complete()
    const { lines } = await playlist('360p-iframes.m3u8?g=1')
    expect(lines).toEqual(expect.arrayContaining(['#EXT-X-I-FRAMES-ONLY', '#EXT-X-TARGETDURATION:2']))
    expect(namesIn(lines)).toEqual([
      ...['360p-init.mp4', '360p-0.m4s', '360p-0.m4s', '360p-1.m4s', '360p-1.m4s'],
    ])
    expect(lines.filter((line) => line.startsWith('#EXT-X-BYTERANGE'))).toEqual([
      ...['#EXT-X-BYTERANGE:3@0', '#EXT-X-BYTERANGE:3@5', '#EXT-X-BYTERANGE:3@0', '#EXT-X-BYTERANGE:3@5'],
    ])
    expect(lines.filter((line) => line === '#EXTINF:2.000000,')).toHaveLength(4)
  })

  test('are 404 while the video is made, and for what is no rung', async () => {
    const codeOf = async (file: string) => (await api.ask(`/videos/${id}/hls/${file}`)).body.code
    expect(await codeOf('360p-iframes.m3u8')).toBe('not_playable_yet')
    await complete()
    for (const file of ['1080p-iframes.m3u8', 'audio-0-iframes.m3u8', '-iframes.m3u8']) {
      expect([file, await codeOf(file)]).toEqual([file, 'track_not_found'])
    }
  })
})

describe('a DASH manifest', () => {
  test('is there when the video is completed, not before', async () => {
    await segment(0, 0)
    await sound(0)
    const early = await api.ask(`/videos/${id}/dash/manifest.mpd`)
    expect([early.status, early.body.code]).toEqual([404, 'not_playable_yet'])
    await complete()
    const response = await api.request(`/videos/${id}/dash/manifest.mpd`)
    expect(response.headers.get('content-type')).toBe('application/dash+xml')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const text = await response.text()
    const named = [...text.matchAll(/(?:sourceURL|media)="([^"]+)"/g)].map(([, url = '']) => url)
    expect(named).toHaveLength(9)
    expect(named.every((url) => url.includes('X-Amz-Signature') && !/&(?!amp;)/.test(url))).toBe(true)
    expect(namesIn(named)).toEqual(
      ['360p', '240p', 'audio-0'].flatMap((name) => [`${name}-init.mp4`, `${name}-0.m4s`, `${name}-1.m4s`]),
    )
    expect(text).toContain('mediaPresentationDuration="PT8.000S"')
  })

  test('of a video that does not play is not there either', async () => {
    await api.sql`update videos set status = 'cancelled' where id = ${id}`
    const { status, body } = await api.ask(`/videos/${id}/dash/manifest.mpd`)
    expect([status, body.code]).toEqual([404, 'not_playable'])
  })
})

test.each(['failed', 'cancelled'])('a %s video does not play', async (status) => {
  await segment(0, 0)
  await api.sql`update videos set status = ${status} where id = ${id}`
  const { body, headers } = await api.ask(`/videos/${id}/hls/master.m3u8`)
  expect([body.code, headers.get('retry-after')]).toEqual(['not_playable', null])
})

test('an MP4 is a redirect to an address that gives the object, and 404 until it is made', async () => {
  await api.sql`insert into resolutions (video_id, name, position, width, height, fps, max_bitrate_bps)
    values (${id}, '360p', 0, 640, 360, '30/1', 800000)`
  expect((await api.ask(`/videos/${id}/mp4/360p`)).body.code).toBe('mp4_not_found')
  const key = await putObject(api, 'processed/x.mp4', 'an MP4')
  await api.sql`update resolutions set mp4_key = ${key} where video_id = ${id}`
  const response = await api.request(`/videos/${id}/mp4/360p`)
  expect(response.status).toBe(302)
  expect(await (await fetch(response.headers.get('location') ?? '')).text()).toBe('an MP4')
})

test.each(['%00', '360p%00', '%F0%9F%8E%AC', 'x'.repeat(3000)])('there is no MP4 named %s', async (name) => {
  const { status, body } = await api.ask(`/videos/${id}/mp4/${name}`)
  expect([status, body.code]).toEqual([404, 'mp4_not_found'])
})

test('with a CDN the addresses are plain and below it', async () => {
  await using cdn = await startApi({ lead: { CDN_BASE_URL: 'https://cdn.example.org/media/' } })
  const videoId = await insertVideo(cdn.sql, { status: 'processing', plan: smallPlan() })
  const taskId = await insertTask(cdn.sql, { videoId, kind: 'video', state: 'running' })
  await insertSegment(cdn.sql, { taskId, idx: 0, tracks: rungs })
  const text = await (await cdn.request(`/videos/${videoId}/hls/360p.m3u8`)).text()
  expect(text).toContain(`\nhttps://cdn.example.org/media/processed/t${taskId}/360p-0.m4s\n`)
  const page = await cdn.request('/')
  expect(page.headers.get('content-security-policy')).toContain('https://cdn.example.org')
})
