// @ts-check
import { bytes } from '../base/format.js'

/** What is known before a byte is sent. All pure. */

const MiB = 2 ** 20

/** Kinds of media files that browsers often have no type for, or one of something else. */
const extensions = [
  ...['3g2', '3gp', 'asf', 'avi', 'dv', 'f4v', 'flv', 'm2ts', 'm2v', 'm4v', 'mkv', 'mov', 'mp4', 'mpeg'],
  ...['mpg', 'mts', 'mxf', 'ogm', 'ogv', 'ts', 'vob', 'webm', 'wmv'],
  ...['aac', 'ac3', 'aif', 'aiff', 'flac', 'm4a', 'mka', 'mp3', 'oga', 'ogg', 'opus', 'wav', 'wma'],
]

/** The same for the file dialog and for Uppy. */
export const allowedFileTypes = ['video/*', 'audio/*', ...extensions.map((name) => `.${name}`)]

/**
 * Why a file is not taken, in a sentence; null = it is.
 * @param {{ name: string, type: string, size: number | null }} file
 * @param {number | null} maxBytes null = not known: the server tells
 */
export function refusalOf({ name, type, size }, maxBytes) {
  if (!isMedia(name, type)) return `${name} is not taken: it is neither a video nor a sound file.`
  if (size === 0) return `${name} is not taken: it is empty.`
  if (maxBytes !== null && size !== null && size > maxBytes) {
    return `${name} is not taken: it has ${bytes(size)}, and this server takes ${bytes(maxBytes)} at most.`
  }
  return null
}

/**
 * @param {string} name
 * @param {string} type
 */
function isMedia(name, type) {
  if (/^(video|audio)\//.test(type)) return true
  return extensions.includes(/\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? '')
}

/** In characters, as the API takes them. */
const [maxTitle, maxFilename] = [300, 255]

/**
 * As the API wants a title: one line of whole characters, 300 at most unless told.
 * @param {string} text
 */
export function oneLine(text, mostChars = maxTitle) {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  return line.slice(0, mostChars).toWellFormed()
}

/** @param {string} filename as the API takes it */
export const filenameOf = (filename) => oneLine(filename, maxFilename) || 'Untitled'

/** @param {string} filename `Summer 2026.final.mp4` → `Summer 2026.final` */
export const titleOf = (filename) => oneLine(filename.replace(/(?<=.)\.[^.\s]{1,5}$/, '')) || 'Untitled'

/** A part in flight is what a closed tab loses. */
const usualPartBytes = 16 * MiB
/** One answer to ListParts names a thousand parts, and Uppy asks once. */
const maxParts = 1000

/**
 * Depends on the size alone, so that an upload taken up again is cut at the same places.
 * @param {{ size: number }} file
 */
export const partBytes = ({ size }) => Math.max(usualPartBytes, Math.ceil(size / maxParts))

/** Below this a file goes in one PUT. @param {{ size: number | null }} file */
export const isInParts = ({ size }) => (size ?? 0) > usualPartBytes
