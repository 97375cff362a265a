import { loadConfig } from '../../../src/config.ts'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { type VideoRun, videoArgs, videoOutputs } from '../../../src/media/argv/video-args.ts'
import { runFfmpeg } from '../../../src/media/ffmpeg/ffmpeg.ts'
import type { Plan, VideoPlan } from '../../../src/media/model.ts'
import { progressFd } from '../../../src/media/pipes.ts'
import { makePlan } from '../../../src/media/plan/make-plan.ts'
import { probeSource } from '../../../src/media/probe/probe.ts'
import { sourceLimits } from '../../../src/media/probe/source-limits.ts'
import { profileNamed } from '../../support/profiles.ts'

import { ETAG } from './source-server.ts'

const never = new AbortController().signal

/** Probes and plans a source of the test's store. */
export async function planSource(
  url: string,
  profile = profileNamed('default'),
): Promise<Plan & { video: VideoPlan }> {
  const media = await probeSource({
    ffprobePath: 'ffprobe',
    url,
    etag: ETAG,
    sizeBytes: 1,
    cwd: '/tmp',
    limits: sourceLimits(loadConfig({})),
    signal: never,
    timeoutMs: 20_000,
  })
  const plan = makePlan({ media, build: 'test', singleChunk: null, profile })
  if (plan.video) return { ...plan, video: plan.video }
  throw new Error('there are pictures')
}

export type Span = Pick<VideoRun, 'firstFrame' | 'frames'> & Partial<Pick<VideoRun, 'preroll_s' | 'threads'>>

/** Runs a span of a plan as the worker does; the bytes of each rung, and of the pictures. */
export async function encode(
  url: string,
  plan: VideoPlan,
  span: Span,
  rewrite = (args: string[]) => args,
  stallMs = 10_000,
) {
  const outputs = videoOutputs(plan)
  const args = videoArgs({
    plan,
    preroll_s: plan.preroll_s,
    threads: 1,
    ...span,
    input: httpInput({ url, etag: ETAG }),
    progressFd: progressFd(outputs),
  })
  const chunks: Buffer[][] = Array.from({ length: outputs }, () => [])
  const onData = (index: number, chunk: Buffer) => chunks[index]?.push(chunk)
  const run = runFfmpeg({
    path: 'ffmpeg',
    args: rewrite(args),
    outputs,
    cwd: '/tmp',
    signal: never,
    stallMs,
    onData,
  })
  const result = await run.done
  const bytes = chunks.map((list) => Buffer.concat(list))
  const pictures = plan.pictures ? bytes.pop() : null
  return { result, outputs: bytes, pictures: pictures ?? Buffer.alloc(0) }
}

/**
 * The same graph, seek and trim, but each rung goes to `muxer` instead of an encoder. The first
 * output begins at the first `-map [v0]`, what follows the last rung's pipe is left as it is.
 */
const insteadOfEncoders = (plan: VideoPlan, muxer: string) => (args: string[]) => {
  const last = args.indexOf(`pipe:${2 + plan.rungs.length}`)
  const outputs = plan.rungs.flatMap((_, index) => [
    '-map',
    `[v${index}]`,
    '-fps_mode',
    'passthrough',
    '-f',
    muxer,
    `pipe:${3 + index}`,
  ])
  return [...args.slice(0, args.indexOf('[v0]') - 1), ...outputs, ...args.slice(last + 1)]
}

/** The MD5 of every filtered frame of a span, for each rung, in order. */
export async function frameHashes(url: string, plan: VideoPlan, span: Span): Promise<string[][]> {
  const { outputs } = await encode(url, plan, span, insteadOfEncoders(plan, 'framemd5'))
  return outputs.map((bytes) => hashesIn(bytes.toString()))
}

/** The hashes of a `-f framemd5` listing. */
export const hashesIn = (listing: string): string[] =>
  listing.split('\n').flatMap((line) => /^\d.*, ([0-9a-f]{32})$/.exec(line)?.[1] ?? [])

/** The raw planes of the top rung's frames. */
export async function rawFrames(url: string, plan: VideoPlan, span: Span): Promise<Buffer> {
  const { outputs } = await encode(url, plan, span, insteadOfEncoders(plan, 'rawvideo'))
  return outputs[0] ?? Buffer.alloc(0)
}
