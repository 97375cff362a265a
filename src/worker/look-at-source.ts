import type { MediaInfo } from '../media/model.ts'
import { probeSource } from '../media/probe/probe.ts'
import { scanFields } from '../media/probe/scan-fields.ts'
import { sourceLimits } from '../media/probe/source-limits.ts'
import type { TaskRun, WorkerContext } from './context.ts'

const probeTimeoutMs = 120_000

/** What there is in the source of a task: ffprobe's findings, and the fields of a film that claims to have some. */
export async function lookAtSource(context: WorkerContext, run: TaskRun): Promise<MediaInfo> {
  const { task } = run
  const source = {
    url: await context.storage.presignRead(task.sourceKey ?? ''),
    etag: task.sourceEtag ?? '',
    cwd: await run.scratch(),
    onStart: run.mark,
    signal: run.signal,
  }
  const { FFPROBE_PATH: ffprobePath, FFMPEG_PATH: ffmpegPath, STALL_MS: stallMs } = context.config
  const sizeBytes = task.sourceBytes ?? 0
  const limits = sourceLimits(context.config)
  const media = await probeSource({ ...source, ffprobePath, sizeBytes, limits, timeoutMs: probeTimeoutMs })
  if (!media.video?.interlaced) return media
  const fields = await scanFields({ ...source, ffmpegPath, stallMs, streamIndex: media.video.stream_index })
  return { ...media, video: { ...media.video, fields } }
}
