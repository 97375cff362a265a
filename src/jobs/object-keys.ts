import { randomBytes } from 'node:crypto'
import type { Owned } from './state.ts'

/**
 * Names of objects. No two writers, nor two runs of one writer, share a key: task and fence stand in
 * it, then the content's hash, or a random part where the hash is not known beforehand.
 */
export function processedPrefix(videoId: string): string {
  return `processed/${videoId}/`
}

export function uploadKey(uploadId: string): string {
  return `source/${uploadId}`
}

export function fetchedPrefix(videoId: string): string {
  return `source/${videoId}/`
}

export function fetchedKey(owned: Owned): string {
  return `${fetchedPrefix(owned.videoId)}t${owned.taskId}/f${owned.fence}/${randomBytes(8).toString('hex')}`
}

/** `…/t12/f3/1080p-00004-<16 hex of the sha256>.m4s` */
export function contentKey(owned: Owned, name: string, sha256: string, extension: string): string {
  return `${runPrefix(owned)}${name}-${sha256.slice(0, 16)}.${extension}`
}

export function streamedKey(owned: Owned, name: string, extension: string): string {
  return `${runPrefix(owned)}${name}-${randomBytes(8).toString('hex')}.${extension}`
}

/** Video, task and fence of an object that a run wrote; read the same by JavaScript and PostgreSQL. */
export const runKeyPattern =
  '^(?:processed|source)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/t([0-9]{1,18})/f([0-9]{1,18})/'
const runKey = new RegExp(runKeyPattern)

export function isRunKey(key: string): boolean {
  return runKey.test(key)
}

function runPrefix(owned: Owned): string {
  return `${processedPrefix(owned.videoId)}t${owned.taskId}/f${owned.fence}/`
}
