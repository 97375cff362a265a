import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { makeMedia } from '../../scripts/clips/make.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
beforeAll(async () => {
  system = await createTestSystem({ slots: 2, environment: { COLLECT_MS: '500' } })
}, 60_000)
afterAll(() => system?.dispose())

const viewSchema = z.object({
  status: z.string(),
  resolutions: z.array(z.object({ width: z.int(), height: z.int() })),
  links: z.object({ poster: z.string().nullable(), storyboard: z.string().nullable() }),
})

type Cue = { from: number; to: number; sheet: string; x: number; y: number; width: number; height: number }
type Made = { id: string; view: z.infer<typeof viewSchema>; cues: Cue[] }

/** Submits what ffmpeg makes of these arguments and waits for its end. */
async function make(name: string, args: readonly string[], profile = 'default'): Promise<Made> {
  const path = await makeMedia({ name, extension: 'mp4', args })
  const id = await submit(path, profile)
  await untilEnded(system, id)
  const view = viewSchema.parse(await (await get(`/videos/${id}`)).json())
  expect(view.status).toBe('completed')
  const text = view.links.storyboard ? await (await get(view.links.storyboard)).text() : ''
  return { id, view, cues: cuesIn(text) }
}

async function submit(path: string, profile: string): Promise<string> {
  const key = await uploadFile({ baseUrl: system.baseUrl, path })
  const answer = await fetch(new URL('/jobs', system.baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: { key }, profile }),
  })
  return z.object({ id: z.string() }).parse(await answer.json()).id
}

const get = (path: string) => fetch(new URL(path, system.baseUrl))

function cuesIn(vtt: string): Cue[] {
  const seconds = (time: string) => time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return [...vtt.matchAll(/^(\S+) --> (\S+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm)].map(
    ([, from = '', to = '', sheet = '', ...place]) => {
      const [x = -1, y = -1, width = -1, height = -1] = place.map(Number)
      return { from: seconds(from), to: seconds(to), sheet, x, y, width, height }
    },
  )
}

/** The mean brightness of a picture, or of its part, in full range. */
async function brightness(path: string, part?: Cue): Promise<number> {
  const crop = part ? [`crop=${part.width}:${part.height}:${part.x}:${part.y}`] : []
  const filters = [...crop, 'scale=1:1:flags=area', 'format=gray']
  const url = new URL(path, system.baseUrl).href
  const { stdout } = await execa(
    'ffmpeg',
    ['-v', 'error', '-i', url, '-vf', filters.join(','), '-f', 'rawvideo', 'pipe:1'],
    { encoding: 'buffer' },
  )
  return stdout[0] ?? -1
}

const lavfi = (...filters: string[]) => ['-f', 'lavfi', '-i', filters.join(',')]
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']

describe('a film of 15 s in two chunks that grows brighter each second', () => {
  let film: Made
  beforeAll(async () => {
    const steps = lavfi('color=black:s=320x180:r=10:d=15', "geq=lum='16+14*floor(T)':cb=128:cr=128")
    film = await make('steps', [...steps, ...x264])
  }, 60_000)

  test('has a picture each two seconds, the last as short as the film ends', () => {
    expect(film.cues.map(({ from, to }) => [from, to])).toEqual([
      ...[0, 2, 4, 6, 8, 10, 12].map((from) => [from, from + 2]),
      [14, 15],
    ])
  })

  test('has in each place of the sheet the picture of its time', async () => {
    for (const cue of film.cues) {
      const found = await brightness(`/videos/${film.id}/${cue.sheet}`, cue)
      expect(Math.abs(found - (14 * cue.from * 255) / 219), `${cue.from} s: ${found}`).toBeLessThan(4)
    }
    expect(film.cues.map(({ x, y, width, height }) => [x, y, width, height])).toEqual(
      film.cues.map((_, index) => [160 * index, 0, 160, 90]),
    )
  })

  test('leads to its pictures by addresses that a player on another site may follow', async () => {
    const vtt = await get(`/videos/${film.id}/storyboard.vtt`)
    expect(vtt.headers.get('content-type')).toBe('text/vtt; charset=utf-8')
    expect(vtt.headers.get('access-control-allow-origin')).toBe('*')
    for (const path of ['poster.jpg', 'sprites/0.jpg']) {
      const answer = await fetch(new URL(`/videos/${film.id}/${path}`, system.baseUrl), {
        redirect: 'manual',
      })
      expect(answer.status).toBe(302)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      const picture = await fetch(answer.headers.get('location') ?? '')
      expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    }
  })

  test('has no other sheets than it says', async () => {
    for (const file of ['1.jpg', '-1.jpg', '0.png', '0', '00000.jpg', '..%2f0.jpg', 'x'.repeat(2000)]) {
      const answer = await get(`/videos/${film.id}/sprites/${file}`)
      expect(answer.status, file).toBe(404)
      expect(await answer.json()).toMatchObject({ code: 'picture_not_found' })
    }
  })

  test('keeps in the bucket what its rows name: the pictures of the segments are gone', {
    timeout: 40_000,
  }, async () => {
    const names = async () =>
      (await system.storage.list(`processed/${film.id}/`)).map(({ key }) => key.split('/').at(-1) ?? '')
    await expect
      .poll(async () => (await names()).some((name) => name.endsWith('.mjpeg')), { timeout: 30_000 })
      .toBe(false)
    const kept = (await names()).filter((name) => /\.(jpg|vtt)$/.test(name))
    expect(kept.map((name) => name.replace(/-[0-9a-f]{16}\./, '.')).sort()).toEqual([
      'poster.jpg',
      'sprite-0.jpg',
      'storyboard.vtt',
    ])
    const [row] = await system.sql<{ key: string }[]>`
      select outputs #>> '{storyboard,vtt_key}' as key from videos where id = ${film.id}`
    const stored = await new Response(
      await system.storage.read(row?.key ?? '', AbortSignal.timeout(9000)),
    ).text()
    for (const { sheet } of cuesIn(stored)) expect(kept).toContain(sheet)
  })
})

test('the poster is of the top rung, and not of the black that a film begins with', async () => {
  const black = lavfi('color=black:s=640x360:r=10:d=6')
  const shown = lavfi('testsrc2=s=640x360:r=10:d=2.5')
  const joined = ['-filter_complex', '[0][1][0]concat=n=3']
  const { id, view, cues } = await make('begins-black', [...black, ...shown, ...joined, ...x264])
  expect(cues).toHaveLength(8)
  expect(await brightness(`/videos/${id}/poster.jpg`)).toBeGreaterThan(50)
  const url = new URL(view.links.poster ?? '', system.baseUrl).href
  const entries = ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'stream=codec_name,width,height']
  expect((await execa('ffprobe', [...entries, url])).stdout).toBe('mjpeg,640,360')
}, 60_000)

test.each(['hevc', 'av1'])(
  'a film of profile %s has a poster and pictures like any other',
  async (profile) => {
    const { id, cues } = await make('short', [...lavfi('testsrc2=s=320x180:r=10:d=3'), ...x264], profile)
    expect(cues).toHaveLength(2)
    expect(await brightness(`/videos/${id}/poster.jpg`)).toBeGreaterThan(50)
  },
  60_000,
)

test('an upright film has upright pictures', async () => {
  const { cues } = await make('upright', [...lavfi('testsrc2=s=180x320:r=10:d=3'), ...x264])
  expect(cues.map(({ width, height }) => [width, height])).toEqual([
    [90, 160],
    [90, 160],
  ])
}, 60_000)

test('a film that is all black has a poster as well', async () => {
  const { id, cues } = await make('black', [...lavfi('color=black:s=320x180:r=10:d=5'), ...x264])
  expect(cues).toHaveLength(3)
  expect(await brightness(`/videos/${id}/poster.jpg`)).toBeLessThan(3)
}, 60_000)

test('a film of one frame has one picture, for as long as it is shown', async () => {
  const { cues } = await make('frame', [...lavfi('testsrc2=s=320x180:r=10'), '-frames:v', '1', ...x264])
  expect(cues).toMatchObject([{ from: 0, to: 0.1, x: 0, y: 0 }])
}, 60_000)

test('sound alone has no pictures', async () => {
  const { id, view } = await make('sound', [...lavfi('sine=d=3'), '-c:a', 'aac'])
  expect(view.links).toMatchObject({ poster: null, storyboard: null })
  for (const path of ['poster.jpg', 'storyboard.vtt', 'sprites/0.jpg']) {
    const answer = await get(`/videos/${id}/${path}`)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ code: 'picture_not_found' })
  }
}, 60_000)
