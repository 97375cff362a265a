import type { Database } from '../db.ts'
import { ownedBy } from './owned-by.ts'
import type { Priority, VideoStatus } from './state.ts'
import { isShort, titleHas } from './title-search.ts'

/** A rung as the API shows it. `fps` is an exact fraction such as `30000/1001`. */
export type RenditionRow = {
  name: string
  width: number
  height: number
  fps: string
  state: 'planned' | 'ready'
  codec: string | null
  max_bitrate_bps: number
  average_bitrate_bps: number | null
  peak_bitrate_bps: number | null
  size_bytes: number | null
  frames: number | null
  duration_s: number | null
  mp4: boolean
  mp4_size_bytes: number | null
  /** `RungQuality`; null unless asked for, and before the end. */
  quality: unknown
}

export type TrackRow = {
  name: string
  kind: 'audio' | 'subtitle'
  language: string | null
  title: string | null
  state: 'planned' | 'ready' | 'skipped'
  codec: string | null
  channels: number | null
  average_bitrate_bps: number | null
  size_bytes: number | null
  duration_s: number | null
}

/** `queued_s` and `processing_s` run on until they are over; `total_s` is null until the end. */
export type VideoRow = {
  id: string
  title: string | null
  status: VideoStatus
  priority: Priority
  source_kind: 'url' | 'key'
  source_url: string | null
  source_key: string | null
  source_etag: string | null
  source_size_bytes: number | null
  metadata: Record<string, unknown>
  /** What was asked for (`JobOptions`); fields that were not are left out. */
  options: unknown
  media: unknown
  error_code: string | null
  error_message: string | null
  tasks_total: number
  tasks_done: number
  created_at: Date
  started_at: Date | null
  completed_at: Date | null
  queued_s: number
  processing_s: number | null
  total_s: number | null
  poster: boolean
  storyboard: boolean
  resolutions: RenditionRow[]
  tracks: TrackRow[]
}

/** One video; `queue_position` 1 is next, null when it does not queue: an estimate, as owners take turns. */
export type VideoDetail = VideoRow & { plan: unknown; findings: unknown; queue_position: number | null }

/** A place in the listing. `createdAt` is text because a JavaScript Date lacks the microseconds. */
export type Place = { createdAt: string; id: string }

/** One video with its renditions, all as of one moment; null when there is none. */
export async function readVideo(sql: Database, id: string, owner?: string): Promise<VideoDetail | null> {
  const [row] = await sql<VideoDetail[]>`
    select ${detailColumns(sql)} from videos v where v.id = ${id} and ${ownedBy(sql, owner)}`
  return row ?? null
}

/** Which videos: all of them, or those that meet every condition that is not null. */
export type Filter = { owner?: string; status: VideoStatus | null; search: string | null }

/** A search of one or two letters looks at the titles of so many videos of a listing, and no further. */
const mostRead = 20_000

/** The latest videos first, at most `limit`, after the place where the page before ended. */
export async function listVideos(
  sql: Database,
  query: Filter & { after: Place | null; limit: number },
): Promise<{ videos: VideoRow[]; next: Place | null }> {
  const { owner, status, search, after, limit } = query
  const among = sql`
    ${ownedBy(sql, owner)} and ${status ? sql`v.status = ${status}` : sql`true`}
    and ${after ? sql`(v.created_at, v.id) < (${after.createdAt}::text::timestamptz, ${after.id}::uuid)` : sql`true`}`
  const latest = sql`(select * from videos v where ${among} order by v.created_at desc, v.id desc limit ${mostRead})`
  const isBounded = search !== null && isShort(search)
  // One more than asked for tells whether another page follows.
  const rows = await sql<(VideoRow & { place: string })[]>`
    select ${shownColumns(sql)}, to_char(v.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place
    from ${isBounded ? latest : sql`videos`} v
    where ${isBounded ? sql`true` : among} and ${search === null ? sql`true` : titleHas(sql, search)}
    order by v.created_at desc, v.id desc limit ${limit + 1}`
  const videos = rows.slice(0, limit)
  const last = videos.at(-1)
  return { videos, next: rows.length > limit && last ? { createdAt: last.place, id: last.id } : null }
}

type Wanted = Filter & { ids: readonly string[] }

/** Those of these videos that exist and meet the filter, the latest first. */
export async function findVideos(sql: Database, wanted: Wanted): Promise<VideoRow[]> {
  return sql<VideoRow[]>`select ${shownColumns(sql)} ${amongIds(sql, wanted)}`
}

/** The same with all that is known of each, as `readVideo` gives it. */
export async function findDetails(sql: Database, wanted: Wanted): Promise<VideoDetail[]> {
  return sql<VideoDetail[]>`select ${detailColumns(sql)} ${amongIds(sql, wanted)}`
}

function amongIds(sql: Database, { owner, ids, status, search }: Wanted) {
  return sql`
    from videos v where v.id = any(${ids as string[]}::uuid[]) and ${ownedBy(sql, owner)}
      and ${status ? sql`v.status = ${status}` : sql`true`}
      and ${search === null ? sql`true` : titleHas(sql, search)}
    order by v.created_at desc, v.id desc`
}

/**
 * About how many queued videos are taken before this one, and one: all of a better class, the older ones of
 * its owner, and of each other owner as many, since owners take turns. What is at work already is left out
 * of it. Counting stops at 10,000, so that a long queue costs a bounded time.
 */
export function queuePosition(sql: Database) {
  return sql`case when v.status = 'queued' then (
    with q as (
      select o.owner, c.class < mine.class as better, (o.created_at, o.id) < (v.created_at, v.id) as older
      from (select waiting_class(priority_class(v.priority), v.created_at) as class) mine,
        videos o, lateral (select waiting_class(priority_class(o.priority), o.created_at) as class) c
      where o.status = 'queued' and c.class <= mine.class limit 10001
    ), own as (select count(*) as before from q where owner = v.owner and older and not better)
    select least(10000, (select count(*) from q where better) + own.before + coalesce(
      (select sum(least(n, own.before)) from (
        select count(*) as n from q where owner <> v.owner and not better group by owner) others), 0)) + 1
    from own)::int end`
}

function detailColumns(sql: Database) {
  return sql`${shownColumns(sql)}, v.plan, v.findings, ${queuePosition(sql)} as queue_position`
}

function shownColumns(sql: Database) {
  return sql`
    v.id, v.title, v.status, v.priority, v.source_kind, v.source_url, v.source_key, v.source_etag, v.source_size_bytes,
    v.metadata, v.options, v.media, v.error_code, v.error_message, v.tasks_total, v.tasks_done,
    v.created_at, v.started_at, v.completed_at,
    extract(epoch from coalesce(v.started_at, v.completed_at, now()) - v.created_at)::float8 as queued_s,
    extract(epoch from coalesce(v.completed_at, now()) - v.started_at)::float8 as processing_s,
    extract(epoch from v.completed_at - v.created_at)::float8 as total_s,
    v.outputs -> 'poster_key' is not null as poster, v.outputs -> 'storyboard' is not null as storyboard,
    (select coalesce(json_agg(json_build_object(
       'name', r.name, 'width', r.width, 'height', r.height, 'fps', r.fps, 'state', r.state, 'codec', r.codec,
       'max_bitrate_bps', r.max_bitrate_bps, 'average_bitrate_bps', r.average_bitrate_bps,
       'peak_bitrate_bps', r.peak_bitrate_bps, 'size_bytes', r.size_bytes, 'frames', r.frames,
       'duration_s', r.duration_s, 'mp4', r.mp4_key is not null, 'mp4_size_bytes', r.mp4_size_bytes, 'quality', r.quality)
       order by r.position), '[]') from resolutions r where r.video_id = v.id) as resolutions,
    (select coalesce(json_agg(json_build_object(
       'name', t.name, 'kind', t.kind, 'language', t.language, 'title', t.title, 'state', t.state, 'codec', t.codec,
       'channels', t.channels, 'average_bitrate_bps', t.average_bitrate_bps, 'size_bytes', t.size_bytes,
       'duration_s', t.duration_s) order by t.kind, t.position), '[]')
     from tracks t where t.video_id = v.id) as tracks`
}
