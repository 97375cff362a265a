import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { z } from 'zod'
import { submitJob } from '../../../src/cli/client/submit.ts'
import type { Video } from '../../../src/cli/client/video.ts'
import { getVideo } from '../../../src/cli/client/videos.ts'
import { uploadFile } from '../../../src/cli/upload/upload-file.ts'
import { planSchema } from '../../../src/media/model.ts'
import { cpuSeconds } from '../cpu.ts'

export type Made = {
  video: Video
  /** Processor seconds of the worker and its programs: of the plan, and in all but the figures. */
  planCpuS: number
  cpuS: number
}

/** Makes a video with figures, on a worker of one slot, and tells what making it cost without them. */
export async function makeVideo(options: {
  baseUrl: string
  worker: number
  path: string
  perTitle: boolean
}): Promise<Made> {
  const { baseUrl, worker, path, perTitle } = options
  const key = await uploadFile({ baseUrl, path })
  const before = cpuSeconds(worker)
  const { id } = await submitJob(baseUrl, { source: { key }, per_title: perTitle, quality: true })
  let planCpuS: number | null = null
  let cpuS: number | null = null
  for (;;) {
    const video = await getVideo(baseUrl, id)
    const spent = cpuSeconds(worker) - before
    const { tasks, plan } = shownSchema.parse(video)
    if (plan) planCpuS ??= spent
    // The figures come last: one task a chunk.
    if (plan && tasks.done >= tasks.total - chunksOf(plan)) cpuS ??= spent
    if (video.status === 'completed') return { video, planCpuS: planCpuS ?? spent, cpuS: cpuS ?? spent }
    if (video.status !== 'queued' && video.status !== 'processing') {
      throw new Error(`the video ${video.status}: ${JSON.stringify(video.error)}`)
    }
    await sleep(30)
  }
}

const shownSchema = z.looseObject({
  tasks: z.object({ done: z.number(), total: z.number() }),
  plan: z.unknown(),
})
const chunksOf = (plan: unknown): number => planSchema.parse(plan).video?.chunks.length ?? 0

export type Rung = Video['resolutions'][number]

/** What somebody with so many bits a second is shown: the largest rung whose peak fits, else the smallest. */
export function rungAt(video: Video, bps: number): Rung {
  const rung =
    video.resolutions.find(({ peak_bitrate_bps }) => (peak_bitrate_bps ?? 0) <= bps) ??
    video.resolutions.at(-1)
  if (!rung) throw new Error('the video has no rungs')
  return rung
}

/** SSIM of a rung against the source, on a screen of the source's size. */
export async function ssimOnScreen(baseUrl: string, rung: Rung, path: string): Promise<number> {
  const graph = `[0:v]scale=1280:720:flags=bicubic,settb=1/30,setpts=N[a];[1:v]settb=1/30,setpts=N[b];[a][b]ssim`
  const { stderr } = await execa('ffmpeg', [
    ...['-nostdin', '-i', new URL(rung.mp4_url ?? '', baseUrl).href, '-i', path],
    ...['-lavfi', graph, '-f', 'null', '-'],
  ])
  return Number(/SSIM .*All:([\d.]+)/.exec(stderr)?.[1])
}
