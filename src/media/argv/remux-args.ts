import { isAbsolute } from 'node:path'
import { StepladderError } from '../../errors.ts'
import { inputFd, progressFd } from '../pipes.ts'
import { whitelistArgs } from '../whitelist.ts'
import { BARE, progressArgs, QUIET } from './run-args.ts'

export type RemuxRun = {
  /** Whether pipe 4 carries pictures; the audio tracks follow in order. */
  video: boolean
  audio: readonly { language: string | null; default: boolean }[]
  /** An absolute scratch path of our own making: faststart rewrites the file, so it must be seekable. */
  output: string
}

/**
 * The argv that joins one rung and all audio tracks into a progressive MP4. Every input is a
 * fragmented MP4 (init and segments, joined) fed through `runFfmpeg({ outputs: 0, inputs })`.
 */
export function remuxArgs({ video, audio, output }: RemuxRun): string[] {
  const inputs = (video ? 1 : 0) + audio.length
  const firstAudio = video ? 1 : 0
  return [
    // Includes -copyts, without which sound is 21 ms late.
    ...QUIET,
    ...Array.from({ length: inputs }, (_, index) => pipeInput(index)).flat(),
    ...(video ? ['-map', '0:v:0'] : []),
    ...audio.flatMap((_, index) => ['-map', `${firstAudio + index}:a:0`]),
    ...['-c', 'copy'],
    ...BARE,
    ...audio.flatMap((track, index) => [
      ...languageArgs(track.language, index),
      ...defaultArgs(track.default, index),
    ]),
    ...['-movflags', '+faststart', '-f', 'mp4', '-y', scratchFile(output)],
    ...progressArgs(progressFd(0)),
  ]
}

const pipeInput = (index: number): string[] => [
  // With several inputs each has a queue of 8 packets, and ffmpeg sleeps 10 ms whenever one is empty:
  // 50 ms of sleep for each second of film.
  ...['-thread_queue_size', '1024'],
  ...whitelistArgs('ffmpeg', 'pipe'),
  ...['-i', `pipe:${inputFd(0, index)}`],
]

/** ISO 639 codes only; a title never reaches an argv. */
function languageArgs(language: string | null, index: number): string[] {
  return language !== null && /^[a-z]{2,3}$/.test(language)
    ? [`-metadata:s:a:${index}`, `language=${language}`]
    : []
}

const defaultArgs = (isDefault: boolean, index: number): string[] => [
  `-disposition:a:${index}`,
  isDefault ? 'default' : '0',
]

/** With the protocol spelt out no path can be taken for an option or another protocol. */
function scratchFile(path: string): string {
  if (isAbsolute(path) && !/\p{Cc}/u.test(path)) return `file:${path}`
  throw new StepladderError('bad_scratch_path', 'the path of a scratch file is not absolute')
}
