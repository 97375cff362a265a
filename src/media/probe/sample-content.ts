import { type StepladderError, TransientError } from '../../errors.ts'
import { httpInput } from '../argv/input-args.ts'
import { meanSsim, sampleArgs, sampleOutputs } from '../argv/sample-args.ts'
import { runFfmpeg } from '../ffmpeg/ffmpeg.ts'
import { judgeExit } from '../ffmpeg/ffmpeg-failure.ts'
import type { VideoPlan } from '../model.ts'
import { fps } from '../plan/frame-rate.ts'
import type { Sample } from '../plan/per-title.ts'

export type Sampling = {
  ffmpegPath: string
  plan: VideoPlan
  /** The first frame of each sample, and how many it has. */
  firstFrames: readonly number[]
  frames: number
  /** A presigned URL of the source; asked for before each sample. */
  url: () => Promise<string>
  etag: string
  threads: () => number
  /** A scratch directory. */
  cwd: string
  onStart: (pid: number) => void
  signal: AbortSignal
  stallMs: number
  /** Of one sample. */
  timeoutMs: number
}

/** A line and its frame's, for some thousand frames. */
const MAX_REPORT_BYTES = 2 ** 20

/**
 * Encodes each sample, one after another, and weighs it. A place beyond the film's end gives none. Throws
 * what ffmpeg's end stands for, `sample_too_slow`, and the signal's reason.
 */
export async function sampleContent(sampling: Sampling): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const firstFrame of sampling.firstFrames) {
    const sample = await takeSample(sampling, firstFrame)
    if (sample) samples.push(sample)
  }
  return samples
}

async function takeSample(sampling: Sampling, firstFrame: number): Promise<Sample | null> {
  const { plan, signal, timeoutMs } = sampling
  const weights = plan.rungs.map(() => 0)
  const reports = plan.rungs.slice(1).map(() => '')
  const late = AbortSignal.timeout(timeoutMs)
  const ffmpeg = runFfmpeg({
    path: sampling.ffmpegPath,
    args: sampleArgs({
      plan,
      firstFrame,
      frames: sampling.frames,
      preroll_s: plan.preroll_s,
      threads: sampling.threads(),
      input: httpInput({ url: await sampling.url(), etag: sampling.etag }),
    }),
    outputs: sampleOutputs(plan),
    cwd: sampling.cwd,
    onStart: sampling.onStart,
    signal: AbortSignal.any([signal, late]),
    stallMs: sampling.stallMs,
    onData: (index, bytes) => {
      const report = index - weights.length
      if (report < 0) weights[index] = (weights[index] ?? 0) + bytes.length
      else if ((reports[report]?.length ?? 0) < MAX_REPORT_BYTES) reports[report] += bytes.toString('latin1')
    },
  })
  const result = await ffmpeg.done.catch((error: unknown) => {
    throw late.aborted && !signal.aborted ? tooSlow(timeoutMs) : error
  })
  const failure = judgeExit(result)
  if (failure) throw failure
  if (result.frames === 0) return null
  const seconds = result.frames / fps(plan.frame_rate)
  return plan.rungs.map((_, index) => ({
    bps: ((weights[index] ?? 0) * 8) / seconds,
    likeness: meanSsim(reports[index] ?? ''),
  }))
}

const tooSlow = (timeoutMs: number): StepladderError =>
  new TransientError('sample_too_slow', `a sample took longer than ${Math.round(timeoutMs / 1000)} s`)
