// @ts-check
/**
 * The shapes the page reads from the API, as JSDoc types only: no browser ever loads this file.
 *
 * @typedef {'queued' | 'processing' | 'completed' | 'failed' | 'cancelled'} Status
 *
 * @typedef {object} Resolution
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {string} fps an exact fraction such as `30000/1001`
 * @property {string | null} codec
 * @property {string} state
 * @property {number | null} size_bytes
 * @property {number | null} average_bitrate_bps
 * @property {number | null} peak_bitrate_bps
 * @property {number | null} frames
 * @property {number | null} duration_s
 * @property {string | null} mp4_url
 * @property {number | null} mp4_size_bytes
 * @property {Quality | null} quality
 *
 * @typedef {object} Quality
 * @property {number} frames
 * @property {number} ssim_mean
 * @property {number} ssim_min
 * @property {number | null} psnr_db
 * @property {number | null} psnr_y_db
 * @property {number | null} vmaf_mean
 * @property {number | null} vmaf_min
 *
 * @typedef {object} Track
 * @property {string} name
 * @property {string} kind
 * @property {string} state
 * @property {string | null} [language]
 * @property {string | null} [title]
 * @property {string | null} [codec]
 * @property {number | null} [channels]
 * @property {number | null} [size_bytes]
 * @property {number | null} [average_bitrate_bps]
 *
 * @typedef {object} Video
 * @property {string} id
 * @property {string | null} title
 * @property {Status} status
 * @property {'high' | 'normal' | 'low'} priority
 * @property {{ kind: string, url?: string | null, key?: string | null, size_bytes?: number | null }} source
 * @property {Record<string, unknown>} metadata
 * @property {import('../../../media/plan/job-options.ts').JobOptions} options
 * @property {import('../../../media/model.ts').MediaInfo | null} media
 * @property {import('../../../media/model.ts').Plan | null} plan not in a listing
 * @property {Finding[] | null} findings not in a listing
 * @property {Resolution[]} resolutions
 * @property {Track[]} tracks
 * @property {{ total: number, done: number }} tasks
 * @property {{ code: string, message: string } | null} error
 * @property {string} created_at
 * @property {string | null} started_at
 * @property {string | null} completed_at
 * @property {{ queued_s: number | null, processing_s: number | null, total_s: number | null }} timings
 * @property {number | null} [queue_position]
 * @property {{ self: string, progress: string, hls: string, dash: string, poster: string | null, storyboard: string | null, embed: string, page: string }} links
 *
 * @typedef {import('../../../progress/snapshot.ts').ProgressSnapshot} Snapshot
 *
 * @typedef {{ check: string, passed: boolean, detail: string, code: string | null }} Finding
 *
 * @typedef {object} Run
 * @property {number} task_id
 * @property {string} task
 * @property {number} position
 * @property {number} fence
 * @property {string} worker
 * @property {number | null} attempt
 * @property {number | null} crashes
 * @property {number | null} first_idx
 * @property {string} started_at
 * @property {string | null} ended_at
 * @property {string | null} outcome null while it runs
 * @property {{ code: string, message?: string, stderr?: string } | null} error
 *
 * @typedef {{ at: string, kind: string, data: Record<string, unknown> }} TimelineEvent
 */
export {}
