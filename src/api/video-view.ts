import type { RenditionRow, TrackRow, VideoDetail, VideoRow } from '../jobs/read-videos.ts'
import type { Submission } from '../jobs/submit.ts'
import { withoutSecrets } from '../jobs/submit.ts'
import { videoLinks } from '../jobs/video-links.ts'
import { withToken } from './link-token.ts'

/**
 * `GET /videos/{id}`: everything about one video. Times are ISO 8601 in UTC, durations seconds. Addresses that
 * players take carry the token, if any.
 */
export function videoView(row: VideoDetail, token: string | null) {
  const { links, ...rest } = listedVideo(row, token)
  return { ...rest, plan: row.plan, findings: row.findings, queue_position: row.queue_position, links }
}

/** The same for who came by a link: what a player shows, and nothing of where it came from or how it was made. */
export function viewForLink(view: ReturnType<typeof videoView>): ReturnType<typeof videoView> {
  const source = { kind: view.source.kind, url: null, key: null, size_bytes: null }
  return { ...view, source, metadata: {}, plan: null, findings: null, queue_position: null }
}

/** One line of `GET /videos`: the same without the plan, which is long for a long film. */
export function listedVideo(row: VideoRow, token: string | null) {
  return {
    id: row.id,
    title: row.title,
    status: row.status,
    priority: row.priority,
    source: {
      kind: row.source_kind,
      url: row.source_url,
      key: row.source_key,
      size_bytes: row.source_size_bytes,
    },
    metadata: row.metadata,
    options: row.options,
    media: row.media,
    resolutions: row.resolutions.map((rendition) => renditionView(row.id, rendition, token)),
    tracks: row.tracks.map(trackView),
    tasks: { total: row.tasks_total, done: row.tasks_done },
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    created_at: row.created_at,
    started_at: row.started_at,
    completed_at: row.completed_at,
    timings: { queued_s: row.queued_s, processing_s: row.processing_s, total_s: row.total_s },
    links: videoLinks(row, (path) => withToken(path, token)),
  }
}

/** What `GET /videos/{id}` shows of a video submitted just now, without asking the database again. */
export function submittedVideo(job: Submission, createdAt: Date): ReturnType<typeof videoView> {
  return videoView(
    {
      id: job.id,
      title: job.title,
      status: 'queued',
      priority: job.priority,
      source_kind: job.source.kind,
      source_url: job.source.kind === 'url' ? withoutSecrets(job.source.url) : null,
      source_key: job.source.kind === 'key' ? job.source.key : null,
      source_etag: job.source.kind === 'key' ? job.source.etag : null,
      source_size_bytes: job.source.kind === 'key' ? job.source.bytes : null,
      metadata: job.metadata,
      options: job.options,
      media: null,
      plan: null,
      findings: null,
      error_code: null,
      error_message: null,
      tasks_total: 0,
      tasks_done: 0,
      created_at: createdAt,
      started_at: null,
      completed_at: null,
      queued_s: 0,
      processing_s: null,
      total_s: null,
      poster: false,
      storyboard: false,
      resolutions: [],
      tracks: [],
      // Counting the queue would cost more than the insert.
      queue_position: null,
      // The answer may be told again when a token of now is over.
    },
    null,
  )
}

function renditionView(id: string, row: RenditionRow, token: string | null) {
  return {
    name: row.name,
    width: row.width,
    height: row.height,
    fps: row.fps,
    codec: row.codec,
    state: row.state,
    max_bitrate_bps: row.max_bitrate_bps,
    size_bytes: row.size_bytes,
    average_bitrate_bps: row.average_bitrate_bps,
    peak_bitrate_bps: row.peak_bitrate_bps,
    frames: row.frames,
    duration_s: row.duration_s,
    mp4_url: row.mp4 ? withToken(`/videos/${id}/mp4/${row.name}`, token) : null,
    mp4_size_bytes: row.mp4_size_bytes,
    quality: row.quality,
  }
}

function trackView(row: TrackRow) {
  return {
    name: row.name,
    kind: row.kind,
    language: row.language,
    title: row.title,
    state: row.state,
    codec: row.codec,
    channels: row.channels,
    size_bytes: row.size_bytes,
    average_bitrate_bps: row.average_bitrate_bps,
    duration_s: row.duration_s,
  }
}
