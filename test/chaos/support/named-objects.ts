import type { Database } from '../../../src/db.ts'
import type { VideoStatus } from '../../../src/jobs/state.ts'
import { type StoredInit, segmentObjectsSchema } from '../../../src/media/stored.ts'

/** An object that a row names; null where the row does not say. */
export type NamedObject = { key: string; bytes: number | null; sha256: string | null }

export type NamedTrack = {
  name: string
  state: string
  frames: number | null
  init: (StoredInit & { key: string }) | null
  segments: { key: string; bytes: number; sha256: string; duration: number }[]
  playlistKey: string | null
  /** Of a rung's key pictures. */
  iframesKey: string | null
  mp4: { key: string; bytes: number } | null
}

/** What the rows of one video say lies in the bucket. */
export type NamedVideo = {
  id: string
  status: VideoStatus
  masterKey: string | null
  tracks: NamedTrack[]
  objects: NamedObject[]
}

type Row = {
  id: string
  status: VideoStatus
  master: string | null
  /** Every text in `videos.outputs`. */
  outputs: string[]
  tracks: {
    name: string
    state: string
    frames: number | null
    init: NamedTrack['init']
    segments: NamedTrack['segments'] | null
    playlist_key: string | null
    iframe_playlist_key: string | null
    mp4_key: string | null
    mp4_size_bytes: number | null
  }[]
  /** `segments.objects` of the pieces not compacted yet. */
  pieces: unknown[]
}

/** Every video with all that its rows name, acknowledged or not. */
export async function readNamedVideos(sql: Database): Promise<NamedVideo[]> {
  const rows = await sql<Row[]>`
    select v.id, v.status, v.outputs ->> 'hls_master_key' as master,
      array(select o #>> '{}' from jsonb_path_query(v.outputs, 'strict $.**') o
            where jsonb_typeof(o) = 'string') as outputs,
      (select coalesce(jsonb_agg(x), '[]') from (
        select name, state, frames, init, segments, playlist_key, iframe_playlist_key, mp4_key, mp4_size_bytes
        from resolutions r where r.video_id = v.id
        union all
        select name, state, null, init, segments, playlist_key, null, null, null from tracks t where t.video_id = v.id
      ) x) as tracks,
      (select coalesce(jsonb_agg(s.objects), '[]') from tasks t join segments s on s.task_id = t.id
       where t.video_id = v.id) as pieces
    from videos v`
  return rows.map((row) => {
    const tracks = row.tracks.map(
      (track): NamedTrack => ({
        ...track,
        segments: track.segments ?? [],
        playlistKey: track.playlist_key,
        iframesKey: track.iframe_playlist_key,
        mp4: track.mp4_key === null ? null : { key: track.mp4_key, bytes: track.mp4_size_bytes ?? 0 },
      }),
    )
    const objects = [
      ...tracks.flatMap(objectsOf),
      ...row.pieces.flatMap(piecesOf),
      ...row.outputs.map((key) => ({ key, bytes: null, sha256: null })),
    ]
    return { id: row.id, status: row.status, masterKey: row.master, tracks, objects }
  })
}

function objectsOf({ init, segments, playlistKey, iframesKey, mp4 }: NamedTrack): NamedObject[] {
  return [
    ...(init ? [init] : []),
    ...segments,
    ...[playlistKey, iframesKey].flatMap((key) => (key === null ? [] : [{ key, bytes: null, sha256: null }])),
    ...(mp4 ? [{ ...mp4, sha256: null }] : []),
  ]
}

function piecesOf(objects: unknown): NamedObject[] {
  const { tracks, inits } = segmentObjectsSchema.parse(objects)
  return [
    ...Object.values(tracks),
    ...Object.values(inits).flatMap((init) => (init.key === null ? [] : [{ ...init, key: init.key }])),
  ]
}
