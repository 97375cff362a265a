import type { Query } from '../db.ts'
import { isTerminal, type VideoStatus } from '../jobs/state.ts'
import { planSchema } from '../media/model.ts'
import type { ProgressSeed } from './report.ts'

type TaskRow = { id: number; fence: number; kind: string; state: string; units: number }
type RungRow = { name: string; segments: number; bytes: number }

/** The progress of a video as its rows tell it; null when it has no plan yet, is over or is gone. */
export async function readProgressSeed(sql: Query, videoId: string): Promise<ProgressSeed | null> {
  const [video] = await sql<
    { status: VideoStatus; generation: number; plan: unknown; measured: boolean }[]
  >`select status, generation, plan, coalesce((options ->> 'quality')::boolean, false) as measured from videos where id = ${videoId}`
  if (!video?.plan || isTerminal(video.status)) return null
  const plan = planSchema.parse(video.plan)
  const counted = plan.video ? 'video' : 'audio'
  const tasks = await sql<TaskRow[]>`
    select t.id, t.fence, t.kind, t.state, coalesce(sum(s.frames), 0)::bigint as units
    from tasks t left join segments s on s.task_id = t.id
    where t.video_id = ${videoId} and t.kind in (${counted}, 'mp4', 'quality') group by t.id`
  const rungs = await sql<RungRow[]>`
    select r.name, count(s.task_id) as segments, coalesce(sum((s.objects -> 'tracks' -> r.name ->> 'bytes')::bigint), 0)::bigint as bytes
    from resolutions r
      left join tasks t on t.video_id = r.video_id and t.kind = 'video'
      left join segments s on s.task_id = t.id
    where r.video_id = ${videoId} group by r.name, r.position order by r.position`
  const makers = tasks.filter((task) => task.kind === counted)
  const packers = tasks.filter((task) => task.kind !== counted)
  const frameRate = plan.video?.frame_rate
  const chunks = plan.video?.chunks.length ?? 0
  return {
    generation: video.generation,
    status: video.status,
    stage: packers.length > 0 ? 'packaging' : 'encoding',
    total: plan.video ? plan.video.expected_frames : audioFrames(plan.audio),
    units_per_s: frameRate ? frameRate[0] / frameRate[1] : aacFramesPerS,
    frames_shown: plan.video !== null,
    chunks_total: chunks,
    chunks_done: plan.video ? makers.filter((task) => task.state === 'done').length : 0,
    pack_total: (plan.video?.rungs.length ?? 0) + (video.measured ? chunks : 0),
    pack_done: packers.filter((task) => task.state === 'done').length,
    rungs: rungs.map((rung) => ({
      name: rung.name,
      segments: Number(rung.segments),
      bytes: Number(rung.bytes),
    })),
    tasks: tasks.map((task) => ({
      id: task.id,
      fence: task.fence,
      units: Number(task.units),
      state: task.state === 'done' ? 'done' : 'idle',
    })),
  }
}

/** An audio-only file is measured in AAC frames of 1024 samples at 48 kHz. */
const aacFramesPerS = 48_000 / 1024

function audioFrames(tracks: { duration_s: number | null }[]): number | null {
  const seconds = tracks.reduce((sum, track) => sum + (track.duration_s ?? 0), 0)
  return seconds > 0 ? Math.round(seconds * aacFramesPerS) : null
}
