import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { clip } from '../../scripts/clips/clip.ts'
import { getVideo } from '../../src/cli/client/videos.ts'
import { findBox } from '../../src/media/mp4/boxes.ts'
import { type SegmentObjects, segmentObjectsSchema } from '../../src/media/stored.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
let videoId: string

beforeAll(async () => {
  system = await createTestSystem({ slots: 2, environment: { RETRY_BASE_MS: '100', MAX_ATTEMPTS: '1' } })
  // Everything is made, and nothing checked before the test says so.
  await system.sql.unsafe(`
    create function hold() returns trigger language plpgsql as
      $$ begin new.run_at := now() + interval '1 hour'; return new; end $$;
    create trigger hold before insert on tasks for each row when (new.kind = 'finish') execute function hold();`)
  const video = await submitFile(system, await clip({ seconds: 16 }))
  videoId = video.id
  await held(videoId)
  // Where cutting is to blame a video is planned again, but not for ever: so it fails, and can be looked at.
  await system.sql`update videos set generation = 4 where id = ${videoId}`
})
afterAll(() => system?.dispose())

const findingsSchema = z.array(
  z.object({ check: z.string(), passed: z.boolean(), detail: z.string(), code: z.string().nullable() }),
)

async function findingsOf(id: string) {
  return findingsSchema.parse((await getVideo(system.baseUrl, id)).findings)
}

async function held(id: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const rows = await system.sql`
        select from tasks where video_id = ${id} and kind = 'finish' and state = 'queued'`
      expect(rows).toHaveLength(1)
    },
    { timeout: 60_000, interval: 100 },
  )
}

async function checked(id: string) {
  await system.sql`update tasks set run_at = now() where video_id = ${id} and kind = 'finish'`
  return untilEnded(system, id)
}

type Row = { task_id: number; idx: number; kind: string; position: number; objects: SegmentObjects }

/** The committed segments: of the picture's chunks in order, then of the sound. */
async function readRows(): Promise<Row[]> {
  const rows = await system.sql<(Omit<Row, 'objects'> & { objects: unknown })[]>`
    select s.task_id, s.idx, t.kind, t.position, s.objects from segments s join tasks t on t.id = s.task_id
    where t.video_id = ${videoId} order by t.kind desc, t.position, s.idx`
  return rows.map((row) => ({ ...row, objects: segmentObjectsSchema.parse(row.objects) }))
}

/** Changes the objects of the row that `which` picks; returns how to change them back. */
async function tamper(
  which: (row: Row, index: number, rows: Row[]) => boolean,
  change: (row: Row) => unknown,
) {
  const rows = await readRows()
  const row = rows.find(which)
  if (!row) throw new Error('no such segment')
  const write = (objects: SegmentObjects) => system.sql`
    update segments set objects = ${system.sql.json(objects)} where task_id = ${row.task_id} and idx = ${row.idx}`
  const before = structuredClone(row.objects)
  await change(row)
  await write(row.objects)
  return () => write(before)
}

/** Changes bytes in the bucket under the same key. */
async function tamperObject(key: string, change: (bytes: Buffer) => Buffer) {
  const before = await buffer(system.storage.read(key, new AbortController().signal))
  const put = (bytes: Buffer) => system.storage.client.putObject(system.storage.bucket, key, bytes)
  const after = change(Buffer.from(before))
  await put(after)
  return { undo: () => put(before), sha256: createHash('sha256').update(after).digest('hex') }
}

const first = (row: Row) => row.kind === 'video' && row.idx === 0 && row.position === 0
const second = (row: Row) => row.kind === 'video' && row.idx === 1 && row.position === 0
const sound = (row: Row) => row.kind === 'audio' && row.idx === 1
const last = (row: Row, index: number, rows: Row[]) =>
  rows[index + 1]?.kind === 'audio' && row.kind === 'video'

const top = (objects: SegmentObjects) => {
  const [name = ''] = Object.keys(objects.tracks).filter((track) => track.endsWith('p'))
  const segment = objects.tracks[name]
  if (!segment) throw new Error('a segment of no rung')
  return { name, segment }
}

const flipped = (at: number) => (bytes: Buffer) => {
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ 0xff
  return bytes
}

/** What was done to the video, the check that must find it, and how it is put right again. */
const mutants: [string, string, string, () => Promise<() => unknown>][] = [
  [
    'an object of another size',
    'objects',
    'object_missing',
    async () => {
      const [row] = (await readRows()).filter(second)
      if (!row) throw new Error('no such segment')
      return (await tamperObject(top(row.objects).segment.key, (bytes) => bytes.subarray(1))).undo
    },
  ],
  [
    'a run that made a frame more than the rows have',
    'frames',
    'frames_wrong',
    async () => {
      const add = (count: number) => system.sql`
        update tasks set result = jsonb_set(result, '{frames}', to_jsonb((result ->> 'frames')::int + ${count}::int))
        where video_id = ${videoId} and kind = 'video' and position = 0`
      await add(1)
      return () => add(-1)
    },
  ],
  [
    'a last segment that was lost with its run',
    'frames',
    'frames_wrong',
    async () => {
      const rows = await system.sql`
        delete from segments s using tasks t where t.id = s.task_id and t.video_id = ${videoId} and t.kind = 'video'
        and t.position = 1 and s.idx = (select max(idx) from segments where task_id = t.id) returning s.*`
      return () => system.sql`insert into segments ${system.sql(rows)}`
    },
  ],
  [
    'a chunk that ends early and is followed by another one',
    'chunks',
    'chunks_do_not_join',
    async () => {
      const rows = await system.sql`
        delete from segments s using tasks t where t.id = s.task_id and t.video_id = ${videoId} and t.kind = 'video'
        and t.position = 0 and s.idx = (select max(idx) from segments where task_id = t.id) returning s.*`
      return () => system.sql`insert into segments ${system.sql(rows)}`
    },
  ],
  [
    'a rung whose segment begins a tick late',
    'cuts',
    'cuts_wrong',
    () => tamper(second, ({ objects }) => shift(top(objects).segment, 1)),
  ],
  [
    'a rung that is cut into other GOPs',
    'cuts',
    'cuts_wrong',
    () =>
      tamper(second, ({ objects }) => {
        const { fragments } = top(objects).segment
        const [one, two] = fragments
        if (one && two) fragments.splice(0, 2, [one[0], one[1], one[2] + two[2], one[3]])
      }),
  ],
  [
    'a segment that lasts longer than its frames',
    'times',
    'chunks_do_not_join',
    () =>
      tamper(second, ({ objects }) => {
        top(objects).segment.duration += 1
      }),
  ],
  [
    'a run with another init',
    'inits',
    'init_mismatch',
    () =>
      tamper(
        (row) => row.kind === 'video' && row.position === 1 && row.idx === 0,
        ({ objects }) => {
          const init = objects.inits[top(objects).name]
          if (init) init.sha256 = '0'.repeat(64)
        },
      ),
  ],
  [
    'a sound with a gap',
    'sound',
    'sound_wrong',
    () =>
      tamper(sound, ({ objects }) => {
        const segment = objects.tracks['audio-0']
        if (segment) shift(segment, 1024)
      }),
  ],
  [
    'a codec string that is not that of the init',
    'picture',
    'init_wrong',
    () =>
      tamper(first, ({ objects }) => {
        const init = objects.inits[top(objects).name]
        if (init) init.codec = 'avc1.640033'
      }),
  ],
  [
    'a rung that was planned wider',
    'picture',
    'init_wrong',
    async () => {
      const widen = (by: number) => system.sql`
        update videos set plan = jsonb_set(plan, '{video,rungs,0,width}', to_jsonb((plan #>> '{video,rungs,0,width}')::int + ${by}::int))
        where id = ${videoId}`
      await widen(2)
      return () => widen(-2)
    },
  ],
  [
    'an init of which a byte changed in the bucket',
    'picture',
    'init_wrong',
    async () => {
      const [row] = (await readRows()).filter(first)
      const key = row?.objects.inits[top(row.objects).name]?.key ?? ''
      return (await tamperObject(key, flipped(40))).undo
    },
  ],
  [
    'a first segment of which a byte changed in the bucket',
    'segments',
    'segment_wrong',
    async () => {
      const [row] = (await readRows()).filter(first)
      if (!row) throw new Error('no such segment')
      return (await tamperObject(top(row.objects).segment.key, flipped(-1))).undo
    },
  ],
  [
    'a last segment that has its hash and does not decode',
    'segments',
    'segment_wrong',
    () => tamperWithHash(last, (row) => top(row.objects).segment, garbled),
  ],
  [
    'a first segment with its hash that begins elsewhere than its row says',
    'segments',
    'segment_wrong',
    () =>
      tamperWithHash(
        first,
        (row) => top(row.objects).segment,
        (bytes) => {
          const tfdt = findBox(bytes, ['moof', 'traf', 'tfdt'])
          if (tfdt) bytes.writeUInt8(1, tfdt.end - 1)
          return bytes
        },
      ),
  ],
  [
    'a sound whose edit list leaves out too little',
    'sound_init',
    'sound_wrong',
    () =>
      tamperWithHash(
        (row) => row.kind === 'audio' && row.idx === 0,
        (row) => row.objects.inits['audio-0'],
        (bytes) => {
          const elst = findBox(bytes, ['moov', 'trak', 'edts', 'elst'])
          if (elst) bytes.writeUInt32BE(0, elst.end - 8)
          return bytes
        },
      ),
  ],
]

/** An object and its row changed together, as a fault of the encoder would. */
async function tamperWithHash(
  which: (row: Row, index: number, rows: Row[]) => boolean,
  stored: (row: Row) => { key: string | null; sha256: string } | undefined,
  change: (bytes: Buffer) => Buffer,
) {
  let undoObject: () => unknown = () => {}
  const undoRow = await tamper(which, async (row) => {
    const object = stored(row)
    if (!object?.key) throw new Error('no such object')
    const { undo, sha256 } = await tamperObject(object.key, change)
    undoObject = undo
    object.sha256 = sha256
  })
  return async () => {
    await undoObject()
    await undoRow()
  }
}

/** Noise in the second half, where the samples are. */
function garbled(bytes: Buffer): Buffer {
  for (let i = Math.floor(bytes.length / 2); i < bytes.length; i++) bytes[i] = (i * 2_654_435_761) >>> 24
  return bytes
}

function shift({ fragments }: SegmentObjects['tracks'][string], by: number): void {
  for (const fragment of fragments) fragment[3] += by
}

describe('a video fails with its own finding for', () => {
  test.each(mutants)('%s: %s', async (_what, check, code, mutate) => {
    const restore = await mutate()
    try {
      const video = await checked(videoId)
      expect(video).toMatchObject({ status: 'failed', error: { code } })
      const failures = (await findingsOf(videoId)).filter(({ passed }) => !passed)
      expect(failures[0]).toMatchObject({ check, code })
    } finally {
      await restore()
      await fetch(`${system.baseUrl}/videos/${videoId}/retry`, { method: 'POST' })
      await held(videoId)
    }
  })

  test('nothing any more once all is put right, and every check is told of', async () => {
    expect(await checked(videoId)).toMatchObject({ status: 'completed', error: null })
    const findings = await findingsOf(videoId)
    expect(findings.filter(({ passed }) => !passed)).toEqual([])
    expect([...new Set(findings.map(({ check }) => check))].sort()).toEqual(
      [
        ...['chunks', 'cuts', 'frames', 'inits', 'objects', 'picture', 'segments', 'sound', 'sound_init'],
        ...['source', 'times'],
      ].sort(),
    )
  })
})

test('a video whose cuts are wrong is planned again as one chunk, and completes', async () => {
  const { id } = await submitFile(system, await clip({ seconds: 13 }))
  await held(id)
  await system.sql`drop trigger hold on tasks`
  const [rung] = (await getVideo(system.baseUrl, id)).resolutions
  await system.sql`
    update segments set objects = jsonb_set(objects, array['tracks', ${rung?.name ?? ''}, 'fragments', '0', '3'], '7')
    where idx = 1 and task_id in (select id from tasks where video_id = ${id} and kind = 'video' and position = 0)`
  const video = await checked(id)
  expect(video).toMatchObject({ status: 'completed', plan: { single_chunk: 'cuts_wrong' } })
  expect((await findingsOf(id)).every(({ passed }) => passed)).toBe(true)
})
