/**
 * WebVTT (https://www.w3.org/TR/webvtt1/) as ffmpeg writes it, and as we store it. The text of cues comes
 * out of strangers' files and may hold anything.
 */
import { PermanentError } from '../../errors.ts'
import { MAX_DURATION_S } from '../limits.ts'

/** Times in milliseconds; `text` is lines of cue text that need no more escaping. */
export type Cue = { startMs: number; endMs: number; text: string }

/** A film of two hours has about 2,000 cues, 150 KB; karaoke has some twenty times as many. */
const MAX_CUES = 50_000
export const MAX_WEBVTT_BYTES = 8 * 2 ** 20
/** Of one cue: a screen of text has a few hundred. */
const MAX_CUE_LENGTH = 2_000

/**
 * Reads ffmpeg's WebVTT, which has neither settings nor regions nor notes: any line that is no time belongs
 * to the cue before it, for ffmpeg does not keep a blank line in the middle of a text from ending the cue.
 * Throws PermanentError `subtitles_too_large`.
 */
export function readCues(text: string): Cue[] {
  const cues: { startMs: number; endMs: number; lines: string[] }[] = []
  for (const line of text.split(/\r\n|\r|\n/)) {
    const times = TIMES.exec(line)
    if (times) cues.push({ startMs: milliseconds(times[1]), endMs: milliseconds(times[2]), lines: [] })
    else if (line.trim() !== '') cues.at(-1)?.lines.push(line)
    if (cues.length > MAX_CUES) throw tooLarge()
  }
  return cues.map(({ lines, ...times }) => ({ ...times, text: cleanText(lines.join('\n')) }))
}

export const tooLarge = () =>
  new PermanentError(
    'subtitles_too_large',
    `the subtitles have more than ${MAX_CUES} cues or ${MAX_WEBVTT_BYTES / 2 ** 20} MiB`,
  )

/**
 * Moves cues by so many milliseconds, in order of their starts, as the format wants it. What ends before
 * zero, has no length or no text, or starts where no film can be, is left out; what begins before zero
 * begins there.
 */
export function moveCues(cues: readonly Cue[], byMs: number): Cue[] {
  return cues
    .map(({ startMs, endMs, text }) => ({
      startMs: Math.max(0, startMs + byMs),
      endMs: endMs + byMs,
      text,
    }))
    .filter(({ startMs, endMs, text }) => text !== '' && endMs > startMs && startMs < MAX_DURATION_S * 1000)
    .sort((a, b) => a.startMs - b.startMs)
}

export function renderWebVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(
    ({ startMs, endMs, text }) => `${timestamp(startMs)} --> ${timestamp(endMs)}\n${text}\n`,
  )
  return ['WEBVTT\n', ...blocks].join('\n')
}

/** `mm:ss.ttt` or `hh:mm:ss.ttt` with two digits of hours or more (§4.1). */
const TIMES = /^((?:\d{2,7}:)?\d{2}:\d{2}\.\d{3}) --> ((?:\d{2,7}:)?\d{2}:\d{2}\.\d{3})\s*$/

function milliseconds(time = ''): number {
  const [seconds = 0, minutes = 0, hours = 0] = time.replace('.', '').split(':').reverse().map(Number)
  return seconds + 60_000 * minutes + 3_600_000 * hours
}

function timestamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = (ms / 1000) % 60
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two(seconds)}.${String(ms % 1000).padStart(3, '0')}`
}

/** The tags that ffmpeg writes for styles, and references to characters; all other markup is shown as text. */
const OUR_MARKUP = /<\/?[biu]>|&(?:amp|lt|gt|lrm|rlm|nbsp|#\d{1,7}|#x[0-9A-Fa-f]{1,6});|[&<>]/g
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** Lines of text with no blank one, no control character, and no `-->`, which only times may have (§4.1). */
function cleanText(text: string): string {
  return Array.from(text.toWellFormed())
    .slice(0, MAX_CUE_LENGTH)
    .join('')
    .split('\n')
    .map((line) => line.replaceAll(/ *\p{Cc}[\p{Cc} ]*/gu, ' ').trim())
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(OUR_MARKUP, (found) => ESCAPES[found] ?? found))
    .join('\n')
}
