// @ts-check
/** Numbers and names in the words a person reads. All pure. */

/**
 * @param {number | null | undefined} value
 * @param {string[]} units each a thousand times the one before
 */
function scaled(value, units) {
  if (value === null || value === undefined) return '–'
  let amount = value
  let unit = 0
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000
    unit += 1
  }
  const digits = unit === 0 || amount >= 100 ? 0 : amount >= 10 ? 1 : 2
  return `${amount.toFixed(digits)} ${units[unit]}`
}

/** @param {number | null | undefined} value */
export const bytes = (value) => scaled(value, ['B', 'kB', 'MB', 'GB', 'TB'])

/** @param {number | null | undefined} value bits per second */
export const bitrate = (value) => scaled(value, ['b/s', 'kb/s', 'Mb/s', 'Gb/s'])

/** @param {number | null | undefined} value */
export const count = (value) =>
  value === null || value === undefined ? '–' : value.toLocaleString('en').replaceAll(',', '\u202f')

/**
 * `0:42`, `12:05`, `1:02:05`
 * @param {number | null | undefined} seconds
 */
export function clock(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–'
  const whole = Math.round(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const tail = `${hours ? String(minutes).padStart(2, '0') : minutes}:${String(rest).padStart(2, '0')}`
  return hours ? `${hours}:${tail}` : tail
}

/**
 * `850 ms`, `4.2 s`, `3 min 10 s`, `2 h 5 min`
 * @param {number | null | undefined} seconds
 */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return '–'
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
  return seconds < 600
    ? `${Math.floor(Math.round(seconds) / 60)} min ${Math.round(seconds) % 60} s`
    : `${minutes} min`
}

/** @param {number | null | undefined} seconds */
export function timeLeft(seconds) {
  if (seconds === null || seconds === undefined) return ''
  return seconds < 2
    ? 'a moment left'
    : `${span(Math.max(2, Math.round(seconds)))} left`.replace('.0 s', ' s')
}

/** @param {number | null | undefined} value 0 to 1, of which the last places count */
export const ratio = (value) => (value === null || value === undefined ? '–' : value.toFixed(4))

/** @param {number | null | undefined} value */
export const decibels = (value) => (value === null || value === undefined ? '–' : `${value.toFixed(1)} dB`)

/** @param {number | null | undefined} value multiples of real time */
export const speed = (value) => (value ? `${value.toFixed(value < 10 ? 2 : 1)}×` : '–')

/** @param {number | null | undefined} value */
export const fps = (value) => (value ? `${value.toFixed(value < 10 ? 1 : 0)} fps` : '–')

/**
 * `30000/1001` or [30000, 1001] → `29.97`
 * @param {string | readonly [number, number] | null | undefined} fraction
 */
export function frameRate(fraction) {
  const [top, bottom = 1] = typeof fraction === 'string' ? fraction.split('/').map(Number) : (fraction ?? [])
  return top ? String(Number((top / bottom).toFixed(3))) : '–'
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** @param {string} at */
export function ago(at) {
  const seconds = (Date.parse(at) - Date.now()) / 1000
  if (seconds > -45) return 'just now'
  if (seconds > -3_570) return relative.format(Math.round(seconds / 60), 'minute')
  if (seconds > -84_600) return relative.format(Math.round(seconds / 3600), 'hour')
  if (seconds > -30 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day')
  return new Date(at).toLocaleDateString('en', { dateStyle: 'medium' })
}

/** @param {string} at */
export const fullTime = (at) => new Date(at).toLocaleString('en', { dateStyle: 'full', timeStyle: 'medium' })

/** @param {string} at */
export const timeOfDay = (at) => new Date(at).toLocaleTimeString('en-GB')

const languages = new Intl.DisplayNames('en', { type: 'language' })

/** @param {string | null | undefined} tag `eng` or `en` → `English`; anything odd stays as it is */
export function language(tag) {
  if (!tag || tag === 'und') return ''
  try {
    return languages.of(tag) ?? tag
  } catch {
    return tag // not a language tag at all
  }
}

const stages = {
  queued: 'Waiting for a worker',
  fetching: 'Fetching the source',
  planning: 'Looking at the file and planning',
  encoding: 'Encoding',
  packaging: 'Writing the MP4 files',
  finishing: 'Checking everything',
  done: 'Done',
}

/** @param {string} stage */
export const stageInWords = (stage) => stages[/** @type {keyof typeof stages} */ (stage)] ?? humanise(stage)

/** @param {string} word `source_changed` → `Source changed` */
export function humanise(word) {
  const text = word.replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** With a capital and a full stop. @param {string} text */
export function sentence(text) {
  const trimmed = text.trim()
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`
}

/** @param {{ id: string, title: string | null }} video */
export const nameOf = (video) => video.title?.trim() || `Untitled ${shortId(video.id)}`

/** @param {string} id a UUIDv7: its end is the random part */
export const shortId = (id) => `…${id.slice(-8)}`
