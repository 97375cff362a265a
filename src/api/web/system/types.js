// @ts-check
/**
 * The answer of `GET /system`, as JSDoc types only: no browser ever loads this file.
 *
 * @typedef {object} TaskInHand
 * @property {string} video_id
 * @property {string | null} title
 * @property {string} kind
 * @property {number} position
 * @property {number} attempt how many went wrong before
 * @property {string} started_at
 *
 * @typedef {object} Worker
 * @property {string} id
 * @property {string} host
 * @property {string} version
 * @property {string} build
 * @property {number} slots
 * @property {boolean} draining
 * @property {string[]} paused_for
 * @property {string | null} paused_since
 * @property {string} started_at
 * @property {string} seen_at
 * @property {TaskInHand[]} tasks
 *
 * @typedef {object} Courier
 * @property {number} waiting
 * @property {string | null} oldest_waiting_at
 * @property {{ video_id: string, title: string | null, started_at: string }[]} fetching
 *
 * @typedef {object} Queue
 * @property {'high' | 'normal' | 'low'} priority
 * @property {number} videos_queued
 * @property {number} tasks_waiting
 * @property {number} tasks_running
 * @property {string | null} oldest_queued_at
 *
 * @typedef {{ code: string, about: string | null, videos: number, latest_at: string }} Failure
 * @typedef {{ from: string, completed: number, failed: number, source_s: number }} Stretch
 *
 * @typedef {object} System
 * @property {string} at
 * @property {Worker[]} workers
 * @property {Worker[]} silent_workers
 * @property {Courier} courier
 * @property {Queue[]} queue
 * @property {Failure[]} failures of the last day
 * @property {Stretch[]} throughput twelve times five minutes
 * @property {number | null} speed seconds of film made each second
 */
export {}
