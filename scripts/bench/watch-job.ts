import { setTimeout as sleep } from 'node:timers/promises'
import { submitJob } from '../../src/cli/client/submit.ts'
import type { Video } from '../../src/cli/client/video.ts'
import { getVideo } from '../../src/cli/client/videos.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import type { JobOptions } from '../../src/media/plan/job-options.ts'

export type JobTimes = { video: Video; wallS: number; firstPlayableS: number }

/** Uploads the file, then measures from `POST /jobs` to `completed` and to the first playable segment. */
export async function runJob(
  baseUrl: string,
  path: string,
  options: Partial<JobOptions> = {},
): Promise<JobTimes> {
  const key = await uploadFile({ baseUrl, path })
  const start = performance.now()
  const { id } = await submitJob(baseUrl, { ...options, source: { key } })
  let firstPlayableS = Number.NaN
  for (;;) {
    if (Number.isNaN(firstPlayableS) && (await isPlayable(baseUrl, id))) firstPlayableS = since(start)
    const video = await getVideo(baseUrl, id)
    if (video.status === 'completed') return { video, wallS: since(start), firstPlayableS }
    if (video.status === 'failed' || video.status === 'cancelled') {
      throw new Error(`the video ${video.status}: ${JSON.stringify(video.error)}`)
    }
    await sleep(50)
  }
}

/** The master and the first playlist it names are there, and that one lists a segment. */
async function isPlayable(baseUrl: string, id: string): Promise<boolean> {
  const masterUrl = `${baseUrl}/videos/${id}/hls/master.m3u8`
  const master = await fetch(masterUrl)
  const text = await master.text()
  const uri = text.split('\n').find((line) => line !== '' && !line.startsWith('#'))
  if (!master.ok || uri === undefined) return false
  const media = await fetch(new URL(uri, masterUrl))
  return (await media.text()).includes('#EXTINF')
}

function since(start: number): number {
  return (performance.now() - start) / 1000
}
