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

function runPrefix(owned: Owned): string {
  return `${processedPrefix(owned.videoId)}t${owned.taskId}/f${owned.fence}/`
}
