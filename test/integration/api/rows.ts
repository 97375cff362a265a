import { randomUUIDv7 } from 'node:crypto'
import { type Database, json } from '../../../src/db.ts'
import type { Plan } from '../../../src/media/model.ts'
import type { SegmentObjects } from '../../../src/media/stored.ts'

/** A video as it would be after its submission or its plan, without going there. */
export async function insertVideo(
  sql: Database,
  fields: { status?: string; priority?: string; title?: string; plan?: Plan; error?: [string, string] } = {},
): Promise<string> {
  const id = randomUUIDv7()
  const [code, message] = fields.error ?? [null, null]
  await sql`
    insert into videos (id, status, priority, title, source_kind, source_url, plan, error_code, error_message, tasks_total)
    values (${id}, ${fields.status ?? 'queued'}, ${fields.priority ?? 'normal'}, ${fields.title ?? null}, 'url',
            'http://example.org/film', ${fields.plan ? json(sql, fields.plan) : null}, ${code}, ${message}, 4)`
  return id
}

export async function insertTask(
  sql: Database,
  task: { videoId: string; kind: string; position?: number; state?: string },
): Promise<number> {
  const [row] = await sql<{ id: number }[]>`
    insert into tasks (video_id, kind, position, state)
    values (${task.videoId}, ${task.kind}, ${task.position ?? 0}, ${task.state ?? 'queued'}) returning id`
  return row?.id ?? 0
}

/** A committed segment of `tracks`, 4 s each unless told; the first one of a task carries the inits. */
export async function insertSegment(
  sql: Database,
  segment: { taskId: number; idx: number; tracks: string[]; seconds?: number },
): Promise<void> {
  const { taskId, idx, tracks, seconds = 4 } = segment
  const objects: SegmentObjects = { tracks: {}, inits: {} }
  for (const name of tracks) {
    const timescale = name.startsWith('audio') ? 48_000 : 15_360
    objects.tracks[name] = {
      key: `processed/t${taskId}/${name}-${idx}.m4s`,
      bytes: 1000,
      sha256: 'a'.repeat(64),
      duration: Math.round(seconds * timescale),
      fragments: [[0, 500, 60, 0]],
    }
    objects.inits[name] = {
      key: idx === 0 ? `processed/t${taskId}/${name}-init.mp4` : null,
      bytes: 700,
      sha256: 'b'.repeat(64),
      codec: name.startsWith('audio') ? 'mp4a.40.2' : 'avc1.64001f',
      timescale,
    }
  }
  await sql`insert into segments (task_id, idx, frames, objects) values (${taskId}, ${idx}, 120, ${json(sql, objects)})`
}

/** Two rungs and one audio track, in two chunks. */
export function smallPlan(): Plan {
  const rung = (name: string, width: number, height: number, bps: number) => {
    return { name, width, height, crf: 23, max_bitrate_bps: bps, buffer_bits: 2 * bps }
  }
  return {
    version: 1,
    profile: 'default',
    build: 'test',
    video: {
      stream_index: 0,
      frame_rate: [30, 1],
      time_base: [1, 15_360],
      origin_ticks: 0,
      timescale: 15_360,
      frame_duration: 512,
      gop_frames: 60,
      segment_frames: 120,
      expected_frames: 600,
      source_width: 640,
      source_height: 360,
      source_start_s: 0,
      rotation: 0,
      deinterlace: null,
      tone_map: null,
      full_range: false,
      matrix: 'bt709',
      encoder: { codec: 'h264', preset: 'veryfast' },
      pictures: null,
      preroll_s: 2,
      chunks: [
        { first_frame: 0, frames: 300 },
        { first_frame: 300, frames: null },
      ],
      rungs: [rung('360p', 640, 360, 800_000), rung('240p', 426, 240, 400_000)],
    },
    subtitles: [],
    audio: [
      {
        position: 0,
        stream_index: 1,
        language: 'en',
        title: null,
        default: true,
        channels: 2,
        sample_rate: 48_000,
        bitrate_bps: 128_000,
        origin: [0, 1],
        duration_s: 20,
        stability: 'steady',
      },
    ],
    single_chunk: null,
    segment_s: 4,
    target_duration_s: 5,
    kept: [],
    skipped: [],
    warnings: [],
  }
}
