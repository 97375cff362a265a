import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { fixtureFolder, makeMedia } from '../../scripts/clips/make.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
let id: string

beforeAll(async () => {
  system = await createTestSystem({
    workers: 1,
    slots: 2,
    environment: {
      FFMPEG_PATH: join(import.meta.dirname, '../fixtures/fails-on-stream-4.sh'),
      MAX_ATTEMPTS: '2',
      RETRY_BASE_MS: '50',
    },
  })
  ;({ id } = await submitFile(system, await filmWithThreeTexts()))
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed', error: null })
}, 120_000)
afterAll(() => system?.dispose())

const tracksSchema = z.object({ tracks: z.array(z.looseObject({ name: z.string(), kind: z.string() })) })
const eventsSchema = z.object({
  events: z.array(z.object({ kind: z.string(), data: z.looseObject({ code: z.string().optional() }) })),
})

test('what can be made is, and tracks that cannot cost themselves alone', async () => {
  const { tracks } = tracksSchema.parse(await getJson(`/videos/${id}`))
  expect(tracks.filter(({ kind }) => kind === 'subtitle')).toMatchObject([
    {
      name: 'subtitle-0',
      state: 'ready',
      language: 'eng',
      codec: 'webvtt',
      duration_s: expect.closeTo(4, 1),
    },
    { name: 'subtitle-1', state: 'skipped', language: 'ger', codec: null },
    { name: 'subtitle-2', state: 'skipped', language: 'fre', codec: null },
  ])
})

test('the timeline tells why: at once where nothing is there, after all attempts where ffmpeg fails', async () => {
  const { events } = eventsSchema.parse(await getJson(`/videos/${id}/events`))
  const skipped = events.filter(({ kind }) => kind === 'track_skipped').map(({ data }) => data)
  expect(skipped).toHaveLength(2)
  expect(skipped).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ track: 'subtitle-1', code: 'no_cues' }),
      expect.objectContaining({
        ...{ track: 'subtitle-2', code: 'ffmpeg_failed' },
        stderr: expect.stringContaining('something went wrong'),
      }),
    ]),
  )
  const runs = events.filter(({ kind, data }) => kind === 'run' && data.task === 'subtitle')
  expect(runs.map(({ data }) => `${data.position} ${data.outcome}`).sort()).toEqual([
    ...['0 done', '1 done', '2 done', '2 retried'],
  ])
})

test('the master names the one that is there, whose only segment is the text', async () => {
  const master = await getText(`/videos/${id}/hls/master.m3u8`)
  expect(master.split('\n').filter((line) => line.includes('TYPE=SUBTITLES'))).toEqual([
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,URI="subtitle-0.m3u8?g=1"',
  ])
  const playlist = await getText(`/videos/${id}/hls/subtitle-0.m3u8`)
  const [url, ...others] = playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(others).toEqual([])
  const response = await fetch(url ?? '')
  expect(response.headers.get('content-type')).toBe('text/vtt; charset=utf-8')
  expect(await response.text()).toBe('WEBVTT\n\n00:00:00.500 --> 00:00:01.750\nto the <i>millisecond</i>\n')
})

test('there is one object of them all, and a row names it', async () => {
  const texts = async () =>
    (await system.storage.list(`processed/${id}/`)).filter(
      ({ key }) => key.endsWith('.vtt') && /subtitle/.test(key),
    )
  expect(await texts()).toHaveLength(1)
  const named = await system.sql`
    select segments -> 0 ->> 'key' as key from tracks where video_id = ${id} and state = 'ready' and kind = 'subtitle'`
  expect(named).toEqual([{ key: (await texts())[0]?.key }])
})

async function getText(path: string): Promise<string> {
  return (await fetch(new URL(path, system.baseUrl))).text()
}

async function getJson(path: string): Promise<unknown> {
  return JSON.parse(await getText(path))
}

/** Text in the streams 2, 3 and 4, the second without any. */
async function filmWithThreeTexts(): Promise<string> {
  const words = ['to the <i>millisecond</i>', '{\\an8}', 'never seen']
  const texts = words.map((text, at) => {
    const path = join(fixtureFolder, `text-${at}.srt`)
    writeFileSync(path, `1\n00:00:00,500 --> 00:00:01,750\n${text}\n`)
    return path
  })
  const inputs = [await clip({ seconds: 4 }), ...texts]
  const languages = ['eng', 'ger', 'fre'].flatMap((name, at) => [`-metadata:s:s:${at}`, `language=${name}`])
  const args = [...inputs.flatMap((path) => ['-i', path]), ...inputs.flatMap((_, at) => ['-map', String(at)])]
  return makeMedia({ name: 'three-texts', extension: 'mkv', args: [...args, '-c', 'copy', ...languages] })
}
