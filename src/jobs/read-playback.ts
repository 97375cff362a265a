import { z } from 'zod'
import type { Database } from '../db.ts'
import { type Plan, planSchema } from '../media/model.ts'
import { type StoredInit, storedSegmentSchema } from '../media/stored.ts'
import type { TaskKind, VideoStatus } from './state.ts'

/** A video as playback needs it. */
export type PlayableVideo = { status: VideoStatus; generation: number; plan: Plan | null }

/** One segment of one track. */
export type PlayableSegment = { key: string; duration: number }

export type KeyedInit = StoredInit & { key: string }

export async function readPlayableVideo(
  sql: Database,
  id: string,
  owner: string,
): Promise<PlayableVideo | null> {
  const [row] = await sql<{ status: VideoStatus; generation: number; plan: unknown }[]>`
    select status, generation, plan from videos where id = ${id} and owner = ${owner}`
  return row ? { ...row, plan: row.plan === null ? null : planSchema.parse(row.plan) } : null
}

const initSchema = z.object({
  key: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  codec: z.string(),
  timescale: z.int().positive(),
})
const initsSchema = z.record(z.string(), z.looseObject({ key: z.string().nullable() }))

/**
 * The inits of the tracks that play already, by name: those of the first segment of the film and of
 * each audio track. `skipped` names the audio tracks that will never come.
 */
export async function readFirstInits(
  sql: Database,
  videoId: string,
): Promise<{ inits: Map<string, KeyedInit>; skipped: Set<string> }> {
  const rows = await sql<{ kind: TaskKind; position: number; state: string; inits: unknown }[]>`
    select t.kind, t.position, t.state, s.objects -> 'inits' as inits
    from tasks t left join segments s on s.task_id = t.id and s.idx = 0
    where t.video_id = ${videoId} and (t.kind = 'audio' or (t.kind = 'video' and t.position = 0))`
  const inits = new Map<string, KeyedInit>()
  const skipped = new Set<string>()
  for (const row of rows) {
    const found = initsSchema.parse(row.inits ?? {})
    for (const [name, init] of Object.entries(found)) {
      if (init.key !== null) inits.set(name, initSchema.parse(init))
    }
    if (row.kind === 'audio' && row.state === 'done' && row.inits === null)
      skipped.add(`audio-${row.position}`)
  }
  return { inits, skipped }
}

/**
 * The segments of a track that can be played in order from the start: those of the first task counted
 * from 0, and of the next task only once the one before it is done.
 */
export async function readPrefix(
  sql: Database,
  video: { id: string; kind: 'video' | 'audio'; position: number | null; track: string },
): Promise<PlayableSegment[]> {
  const rows = await sql<SegmentRow[]>`
    select t.position as task, t.state, s.idx,
           s.objects -> 'tracks' -> ${video.track} ->> 'key' as key,
           (s.objects -> 'tracks' -> ${video.track} ->> 'duration')::int as duration
    from tasks t left join segments s on s.task_id = t.id
    where t.video_id = ${video.id} and t.kind = ${video.kind}
      and ${video.position === null ? sql`true` : sql`t.position = ${video.position}`}
    order by t.position, s.idx`
  return contiguous(rows)
}

type SegmentRow = { task: number; state: string; idx: number | null; key: string; duration: number }

function contiguous(rows: readonly SegmentRow[]): PlayableSegment[] {
  const segments: PlayableSegment[] = []
  let current = { task: -1, state: 'done', next: 0 }
  for (const { task, state, idx, key, duration } of rows) {
    if (task !== current.task) {
      if (current.state !== 'done') break
      current = { task, state, next: 0 }
    }
    // No segment, or a hole: what lies behind it comes into reach once it is filled.
    if (idx !== current.next) break
    segments.push({ key, duration })
    current.next += 1
  }
  return segments
}

const finishedTrackSchema = z.object({
  init: initSchema,
  segments: z.array(z.object({ key: z.string(), duration: z.int().positive() })),
})

/** One track of a completed video; null when it has none of that name. */
export async function readFinishedTrack(
  sql: Database,
  videoId: string,
  name: string,
): Promise<{ init: KeyedInit; segments: PlayableSegment[] } | null> {
  const [row] = await sql`
    select init, segments from resolutions where video_id = ${videoId} and name = ${name} and state = 'ready'
    union all
    select init, segments from tracks where video_id = ${videoId} and name = ${name} and state = 'ready'`
  return row ? finishedTrackSchema.parse(row) : null
}

export type FinishedTrack = {
  kind: 'video' | 'audio'
  name: string
  init: KeyedInit
  bandwidth: Bandwidth
  /** The rates of a rung's key pictures. */
  iframes: Bandwidth | null
}
type Bandwidth = { peakBps: number; averageBps: number }

type FinishedRow = {
  kind: 'video' | 'audio'
  name: string
  init: unknown
  segments: unknown
  peak: number
  average: number
  iframe_peak: number | null
  iframe_average: number | null
}

/** The tracks of a completed video with their bit rates, highest rung first. */
export async function readFinishedTracks(sql: Database, videoId: string): Promise<FinishedTrack[]> {
  return (await finishedRows(sql, videoId, { segments: false })).map(finishedTrack)
}

/** The same with all their segments: some 200 bytes each, for every track, out of the database. */
export async function readWholeTracks(
  sql: Database,
  videoId: string,
): Promise<(FinishedTrack & { segments: PlayableSegment[] })[]> {
  return (await finishedRows(sql, videoId, { segments: true })).map((row) => ({
    ...finishedTrack(row),
    ...finishedTrackSchema.parse(row),
  }))
}

function finishedRows(sql: Database, videoId: string, { segments }: { segments: boolean }) {
  const list = segments ? sql`segments` : sql`null::jsonb as segments`
  return sql<FinishedRow[]>`
    select kind, name, init, segments, peak, average, iframe_peak, iframe_average from (
      select 'video' as kind, position, name, init, ${list}, peak_bitrate_bps as peak,
        average_bitrate_bps as average, iframe_peak_bitrate_bps as iframe_peak,
        iframe_average_bitrate_bps as iframe_average
      from resolutions where video_id = ${videoId} and state = 'ready'
      union all
      select kind, position, name, init, ${list}, peak_bitrate_bps, average_bitrate_bps, null, null
      from tracks where video_id = ${videoId} and state = 'ready' and kind = 'audio'
    ) made order by kind = 'audio', position`
}

function finishedTrack({ kind, name, init, ...rates }: FinishedRow): FinishedTrack {
  const { peak, average, iframe_peak, iframe_average } = rates
  return {
    kind,
    name,
    init: initSchema.parse(init),
    bandwidth: { peakBps: peak, averageBps: average },
    iframes:
      iframe_peak === null || iframe_average === null
        ? null
        : { peakBps: iframe_peak, averageBps: iframe_average },
  }
}

const fragmentedTrackSchema = z.object({
  init: initSchema,
  segments: z.array(storedSegmentSchema.pick({ key: true, duration: true, fragments: true })),
})

/** A rung of a completed video with the tables of its fragments; null when it has none of that name. */
export async function readFragments(
  sql: Database,
  videoId: string,
  name: string,
): Promise<z.infer<typeof fragmentedTrackSchema> | null> {
  const [row] = await sql`
    select init, segments from resolutions
    where video_id = ${videoId} and name = ${name} and state = 'ready' and iframe_playlist_key is not null`
  return row ? fragmentedTrackSchema.parse(row) : null
}

/** The key of a rung's MP4; null until it is made. */
export async function readMp4Key(
  sql: Database,
  video: { id: string; owner: string },
  rung: string,
): Promise<string | null> {
  const [row] = await sql<{ mp4_key: string | null }[]>`
    select r.mp4_key from videos v join resolutions r on r.video_id = v.id
    where v.id = ${video.id} and v.owner = ${video.owner} and r.name = ${rung}`
  return row?.mp4_key ?? null
}
