// @ts-check
import { humanise, span } from '../base/format.js'

/** @typedef {import('../base/types.js').Run} Run */

/** @type {Record<string, (position: number) => string>} */
const tasks = {
  fetch: () => 'Fetch',
  plan: () => 'Plan',
  video: (position) => `Chunk ${position + 1}`,
  audio: (position) => `Sound ${position + 1}`,
  subtitle: (position) => `Subtitles ${position + 1}`,
  mp4: (position) => `MP4 ${position + 1}`,
  quality: (position) => `Figures of chunk ${position + 1}`,
  finish: () => 'Final check',
}

/** @type {Record<string, string>} */
export const outcomeWords = {
  running: 'Running',
  done: 'Done',
  released: 'Given back',
  retried: 'Will be tried again',
  failed: 'Failed',
  lost: 'Worker lost',
  cancelled: 'Stopped',
}

/** @param {Pick<Run, 'task' | 'position'>} run */
export function taskWords({ task, position }) {
  const own = Object.hasOwn(tasks, task) ? tasks[task] : undefined
  return own ? own(position) : `${humanise(task)} ${position}`
}

/** How long it took, or null while it runs. @param {Run} run */
export function tookWords({ started_at: from, ended_at: to }) {
  return to === null ? null : span(Math.max(0, Date.parse(to) - Date.parse(from)) / 1000)
}

/** What it began with, in words; empty for a first run from the start. @param {Run} run */
export function beginningWords({ first_idx: segment, attempt, crashes }) {
  return [
    segment ? `resumed at segment ${segment + 1}` : '',
    attempt ? `attempt ${attempt + 1}` : '',
    crashes ? (crashes === 1 ? 'after a crash' : `after ${crashes} crashes`) : '',
  ]
    .filter(Boolean)
    .join(', ')
}
