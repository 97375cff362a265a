import type { Database } from '../db.ts'

/** One file of text; `durationMs` is what its playlist states. */
export type PlayableSubtitle = { name: string; key: string; durationMs: number; averageBps: number }

/** The tracks of text that are made of a video in process, to the end of their last cues. */
export async function readDoneSubtitles(sql: Database, videoId: string): Promise<PlayableSubtitle[]> {
  return sql<PlayableSubtitle[]>`
    select made.key as name, made.value ->> 'key' as key, (made.value ->> 'duration')::int as "durationMs",
           ceil((made.value ->> 'bytes')::float8 * 8000 / (made.value ->> 'duration')::int) as "averageBps"
    from tasks t join segments s on s.task_id = t.id, jsonb_each(s.objects -> 'tracks') made
    where t.video_id = ${videoId} and t.kind = 'subtitle' and t.state = 'done' order by t.position`
}

/** The same of a completed video, where each lasts as long as the film. */
export async function readFinishedSubtitles(sql: Database, videoId: string): Promise<PlayableSubtitle[]> {
  return sql<PlayableSubtitle[]>`
    select name, segments -> 0 ->> 'key' as key, (segments -> 0 ->> 'duration')::int as "durationMs",
           average_bitrate_bps as "averageBps"
    from tracks where video_id = ${videoId} and kind = 'subtitle' and state = 'ready' order by position`
}
