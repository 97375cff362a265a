import { createHash } from 'node:crypto'
import { execa } from 'execa'
import { StepladderError, TransientError } from '../../errors.ts'
import { encoders } from '../encoders/encoders.ts'
import { type Codec, codecs } from '../model.ts'
import { CONFINED, launchCommand } from './launch.ts'

export type Build = {
  /** As printed: `5.1.9-0+deb12u1`. */
  version: string
  /** Equal fingerprints write equal init segments, so their segments may be mixed. */
  fingerprint: string
  /** What it can encode. */
  codecs: ReadonlySet<Codec>
  /** Whether it can tell VMAF: it has libvmaf, and that has its model. */
  vmaf: boolean
}

const TIMEOUT_MS = 10_000

/**
 * Which ffmpeg and encoders a worker has: `-version` (with its configuration and libraries) and the names
 * that the encoders give themselves, hashed; of those that no profile asks for too, so that workers with
 * the same programs agree whatever their profiles. Throws `ffmpeg_missing` where ffmpeg does not run or
 * cannot encode H.264. The caller keeps the answer.
 */
export async function readBuild(ffmpegPath: string): Promise<Build> {
  const [about, vmaf, ...versions] = await Promise.all([
    printedBy(ffmpegPath, ['-version']),
    canTellVmaf(ffmpegPath),
    ...codecs.map((codec) => readEncoderVersion(ffmpegPath, codec)),
  ])
  const version = /^ffmpeg version (\S+)/.exec(about)?.[1]
  const found = new Set(codecs.filter((_, index) => versions[index] !== null))
  if (version && found.has('h264')) {
    return { version, fingerprint: shortHash([about, ...versions].join('\n')), codecs: found, vmaf }
  }
  throw new StepladderError('ffmpeg_missing', 'ffmpeg does not run or cannot encode H.264 with libx264')
}

/** Throws TransientError `encoder_missing`: another worker may have it. */
export function requireEncoder(available: ReadonlySet<Codec>, codec: Codec): void {
  if (available.has(codec)) return
  const { library } = encoders[codec]
  throw new TransientError(
    'encoder_missing',
    `the worker's ffmpeg cannot encode ${codec}: it has no ${library}`,
  )
}

/** Of what it encodes just now; null where it cannot. */
async function readEncoderVersion(ffmpegPath: string, codec: Codec): Promise<string | null> {
  const { library, sample } = encoders[codec]
  const picture = ['-f', 'lavfi', '-i', 'color=s=64x64:r=1:d=1', '-frames:v', '1']
  const args = ['-v', 'error', '-nostdin', ...picture, '-c:v', library, '-f', sample.muxer, 'pipe:1']
  return sample.version.exec(await printedBy(ffmpegPath, args))?.[0] ?? null
}

/** By what it does just now: a filter that is listed may lack its model. */
async function canTellVmaf(ffmpegPath: string): Promise<boolean> {
  const graph = 'color=s=64x64:r=1:d=1,format=yuv420p,split[a][b];[a][b]libvmaf=n_threads=1'
  const args = ['-v', 'info', '-nostdin', '-nostats', '-filter_complex', graph, '-f', 'null', '-']
  return /VMAF score: \d/.test(await printedBy(ffmpegPath, args))
}

/** Both streams of a run that ended well, empty of any other. */
export async function printedBy(ffmpegPath: string, args: string[]): Promise<string> {
  const result = await execa(...launchCommand(ffmpegPath, args), {
    ...CONFINED,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
  })
  return result.exitCode === 0 ? `${result.stdout}\n${result.stderr}` : ''
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
