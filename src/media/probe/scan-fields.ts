import { httpInput } from '../argv/input-args.ts'
import { progressArgs, QUIET } from '../argv/run-args.ts'
import { runFfmpeg } from '../ffmpeg/ffmpeg.ts'
import { judgeExit } from '../ffmpeg/ffmpeg-failure.ts'
import type { VideoStream } from '../model.ts'
import { outputFd, progressFd } from '../pipes.ts'

export type FieldScan = {
  ffmpegPath: string
  /** Our own presigned URL of the source. */
  url: string
  etag: string
  streamIndex: number
  /** A scratch directory. */
  cwd: string
  /** Told the process's id at once. */
  onStart?: (pid: number) => void
  signal: AbortSignal
  stallMs: number
  /** Certificates to trust for https. */
  caFile?: string
}

const FRAMES = 200

/** A line of each frame's verdict, and one or two with its time. */
const MAX_REPORT_BYTES = FRAMES * 400

/**
 * What ffmpeg's idet finds in the first 200 frames of a film, in about a second: which field holds the
 * earlier moment. Null where they cannot be decoded, which the encoding will find too. Throws
 * `source_changed`, `storage_refused` and `ffmpeg_stalled`, and the signal's reason.
 */
export async function scanFields(scan: FieldScan): Promise<VideoStream['fields']> {
  let report = ''
  const result = await runFfmpeg({
    path: scan.ffmpegPath,
    args: scanArgs(scan),
    outputs: 1,
    cwd: scan.cwd,
    ...(scan.onStart ? { onStart: scan.onStart } : {}),
    signal: scan.signal,
    stallMs: scan.stallMs,
    onData: (_, bytes) => {
      if (report.length < MAX_REPORT_BYTES) report += bytes.toString('latin1')
    },
  }).done
  return judgeExit(result) === null ? countVerdicts(report) : null
}

function scanArgs({ url, etag, caFile, streamIndex }: FieldScan): string[] {
  // A colon ends an option in a graph, and a backslash is taken once by the graph and once by the filter.
  const report = `metadata=mode=print:key=${KEY}:file=pipe\\\\:${outputFd(0)}`
  return [
    ...QUIET,
    ...['-threads', '1', ...httpInput({ url, etag, ...(caFile ? { caFile } : {}) })],
    ...['-map', `0:${streamIndex}`, '-vf', `trim=end_frame=${FRAMES},idet,${report}`],
    ...['-f', 'null', '-'],
    ...progressArgs(progressFd(1)),
  ]
}

/** Judged over several frames, which is steadier than each by itself. */
const KEY = 'lavfi.idet.multiple.current_frame'

/** Counts lines such as `lavfi.idet.multiple.current_frame=tff`. */
export function countVerdicts(report: string): NonNullable<VideoStream['fields']> {
  const verdicts = [...report.matchAll(/^lavfi\.idet\.multiple\.current_frame=(\w+)$/gm)]
  const count = (wanted: string) => verdicts.filter(([, verdict]) => verdict === wanted).length
  return { top_first: count('tff'), bottom_first: count('bff'), progressive: count('progressive') }
}
