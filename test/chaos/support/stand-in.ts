import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinary } from '../../../scripts/stack/binaries.ts'

export type StandIn = AsyncDisposable & {
  /** For FFMPEG_PATH. */
  path: string
}

const ffmpeg = findBinary('ffmpeg', { hint: 'apt-get install ffmpeg' })

/** Runs before the real one; it has no environment, so no PATH either. */
async function writeStandIn(lines: readonly string[]): Promise<StandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'stepladder-stand-in-'))
  const path = join(folder, 'ffmpeg')
  await writeFile(path, ['#!/bin/sh', ...lines, `exec ${ffmpeg} "$@"`, ''].join('\n'), { mode: 0o755 })
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** An ffmpeg that reads its source at `rate` times real time wherever it encodes pictures. */
export function slowEncoder(rate: number): Promise<StandIn> {
  return writeStandIn([`case "$*" in *-filter_complex*) exec ${ffmpeg} -readrate ${rate} "$@";; esac`])
}

/** An ffmpeg that fails for a reason nobody knows wherever it encodes pictures. */
export function failingEncoder(): Promise<StandIn> {
  return writeStandIn(['case "$*" in *-filter_complex*) exit 1;; esac'])
}

/** An ffmpeg that kills whoever started it as soon as it is given the object `key`. */
export function killerOf(key: string): Promise<StandIn> {
  return writeStandIn([`case "$*" in *${key}*) kill -9 $PPID;; esac`])
}
