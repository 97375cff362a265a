import { createHash } from 'node:crypto'
import { execa } from 'execa'
import { StepladderError } from '../errors.ts'
import { CONFINED, launchCommand } from './launch.ts'

export type Build = {
  /** As printed: `5.1.9-0+deb12u1`. */
  version: string
  /** Equal fingerprints write equal init segments, so their segments may be mixed. */
  fingerprint: string
}

const TIMEOUT_MS = 10_000

/**
 * Which ffmpeg and x264 a worker has: `-version` (with its configuration and libraries) and the name
 * x264 writes into its own streams, hashed. Throws `ffmpeg_missing` where ffmpeg does not run or
 * cannot encode H.264. The caller keeps the answer.
 */
export async function readBuild(ffmpegPath: string): Promise<Build> {
  const [about, sample] = await Promise.all([
    output(ffmpegPath, ['-version']),
    // x264 has no option that tells its version; each stream does, in an SEI message.
    output(ffmpegPath, [
      '-v',
      'error',
      '-nostdin',
      '-f',
      'lavfi',
      '-i',
      'color=s=16x16:r=1:d=1',
      ...ONE_FRAME,
    ]),
  ])
  const version = /^ffmpeg version (\S+)/.exec(about)?.[1]
  const x264 = /x264 - core \S+( r\d+ \w+)?/.exec(sample)?.[0]
  if (version && x264) return { version, fingerprint: shortHash(`${about}\n${x264}`) }
  throw new StepladderError('ffmpeg_missing', 'ffmpeg does not run or cannot encode H.264 with libx264')
}

const ONE_FRAME = ['-frames:v', '1', '-c:v', 'libx264', '-f', 'h264', 'pipe:1']

async function output(ffmpegPath: string, args: string[]): Promise<string> {
  const result = await execa(...launchCommand(ffmpegPath, args), {
    ...CONFINED,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
  })
  return result.exitCode === 0 ? result.stdout : ''
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
