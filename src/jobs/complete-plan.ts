import { type Database, json, type Transaction } from '../db.ts'
import { FencedError } from '../errors.ts'
import type { MediaInfo, Plan } from '../media/model.ts'
import { endOnce, markDone } from './end-run.ts'
import { type Owned, type TaskKind, taskRank } from './state.ts'
import { lockVideo, recordEvent } from './video-lock.ts'

/**
 * Transition 8: the plan is done; the video is processing; its renditions and tasks exist. Throws
 * FencedError, also when a second commit of the same plan finds the first one's work.
 */
export async function completePlan(
  sql: Database,
  owned: Owned,
  made: { media: MediaInfo; plan: Plan },
): Promise<void> {
  await endOnce(sql, owned, 'done', async (tx) => {
    await lockVideo(tx, owned.videoId)
    await markDone(tx, owned, {})
    await storePlan(tx, owned.videoId, made)
    await insertRenditions(tx, owned.videoId, made.plan)
    await insertTasks(tx, owned.videoId, made.plan)
    await recordEvent(tx, owned.videoId, 'planned', {
      rungs: made.plan.video?.rungs.map((rung) => rung.name) ?? [],
      chunks: made.plan.video?.chunks.length ?? 0,
    })
  })
}

async function storePlan(
  tx: Transaction,
  videoId: string,
  made: { media: MediaInfo; plan: Plan },
): Promise<void> {
  const { plan } = made
  const { chunks = [], rungs = [] } = plan.video ?? {}
  // Every task but fetch, plan and finish: the chunks, the tracks, one MP4 a rung, and the figures if asked for.
  const total = chunks.length + plan.audio.length + plan.subtitles.length + rungs.length
  const rows = await tx`
    update videos set plan = ${json(tx, plan)}, media = ${json(tx, made.media)}, tasks_done = 0,
           tasks_total = ${total}::int + case when (options ->> 'quality')::boolean then ${chunks.length}::int else 0 end,
           status = 'processing', started_at = coalesce(started_at, now()), updated_at = now(),
           title = coalesce(title, ${made.media.title})
    where id = ${videoId} and status = 'queued' returning id`
  if (rows.length === 0) throw new FencedError('the video does not wait for a plan any more')
}

async function insertRenditions(tx: Transaction, videoId: string, plan: Plan): Promise<void> {
  for (const [position, rung] of plan.video?.rungs.entries() ?? []) {
    await tx`
      insert into resolutions (video_id, name, position, width, height, fps, max_bitrate_bps)
      values (${videoId}, ${rung.name}, ${position}, ${rung.width}, ${rung.height},
              ${plan.video?.frame_rate.join('/') ?? ''}, ${rung.max_bitrate_bps})`
  }
  for (const track of plan.audio) {
    await tx`
      insert into tracks (video_id, kind, position, name, language, title, is_default, channels)
      values (${videoId}, 'audio', ${track.position}, ${`audio-${track.position}`}, ${track.language}, ${track.title},
              ${track.default}, ${track.channels})`
  }
  for (const track of plan.subtitles) {
    await tx`
      insert into tracks (video_id, kind, position, name, language, title, is_default)
      values (${videoId}, 'subtitle', ${track.position}, ${`subtitle-${track.position}`}, ${track.language},
              ${track.title}, ${track.default})`
  }
}

async function insertTasks(tx: Transaction, videoId: string, plan: Plan): Promise<void> {
  const rows = [
    ...(plan.video?.chunks.map((_, position) => taskRow(videoId, 'video', position)) ?? []),
    ...plan.audio.map((track) => taskRow(videoId, 'audio', track.position)),
    ...plan.subtitles.map((track) => taskRow(videoId, 'subtitle', track.position)),
  ]
  await tx`insert into tasks ${tx(rows)}`
}

function taskRow(videoId: string, kind: TaskKind, position: number) {
  return { video_id: videoId, kind, position, rank: taskRank(kind, position) }
}
