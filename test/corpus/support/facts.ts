import { z } from 'zod'
import { videoSchema } from '../../../src/cli/client/video.ts'
import { getVideo } from '../../../src/cli/client/videos.ts'
import { planSchema } from '../../../src/media/model.ts'
import type { TestSystem } from '../../support/system.ts'
import { once } from './once.ts'
import { pictureFacts } from './picture-facts.ts'
import { soundFacts } from './sound-facts.ts'

const detailSchema = videoSchema.extend({
  tracks: z.array(z.object({ kind: z.string(), state: z.string(), language: z.string().nullable() })),
  findings: z.array(z.object({ check: z.string(), passed: z.boolean() })).nullable(),
})

export type Made = {
  system: TestSystem
  videoId: string
  /** Path of the file that was submitted. */
  source: string
}

export type Facts = ReturnType<typeof factsOf>

/** What can be said of a result, each measured when asked for. */
export function factsOf(made: Made) {
  const { system, videoId } = made
  const video = once(async () => detailSchema.parse(await getVideo(system.baseUrl, videoId)))
  const playlist = (name: string) => `${system.baseUrl}/videos/${videoId}/hls/${name}.m3u8`
  const rungs = async () =>
    (await video()).resolutions.map(({ name, frames, mp4_url }) => ({
      playlist: playlist(name),
      name,
      frames,
      mp4: new URL(mp4_url ?? '', system.baseUrl).href,
    }))
  const tracks = async (wanted: string) =>
    (await video()).tracks
      .filter(({ kind, state }) => kind === wanted && state === 'ready')
      .map(({ language }) => language ?? '-')
      .join(' ')
  return {
    status: async () => (await video()).status,
    error: async () => (await video()).error?.code ?? null,
    /** Tries beyond the first, of the task that had most. */
    attempts: async () => {
      const [row] = await system.sql<{ attempts: number }[]>`
        select max(attempt)::int as attempts from tasks where video_id = ${videoId}`
      return row?.attempts ?? 0
    },
    /** The checks that did not pass. */
    findings: async () =>
      ((await video()).findings ?? [])
        .filter(({ passed }) => !passed)
        .map(({ check }) => check)
        .join(' '),
    title: async () => (await video()).title,
    titleLength: async () => Array.from((await video()).title ?? '').length,
    titleEnd: async () => Array.from((await video()).title ?? '').at(-1) ?? null,
    rungs: async () => (await rungs()).map(({ name }) => name).join(' '),
    ...pictureFacts({ source: made.source, rungs }),
    /** Languages of the sound tracks, `-` where none is stated. */
    sound: () => tracks('audio'),
    subtitles: () => tracks('subtitle'),
    ...soundFacts({ source: made.source, rungs, track: playlist('audio-0') }),
    ...planFacts(made),
  }
}

/** What the plan says of it. */
function planFacts({ system, videoId }: Made) {
  const plan = once(async () => {
    const [row] = await system.sql<{ plan: unknown }[]>`select plan from videos where id = ${videoId}`
    return planSchema.parse(row?.plan)
  })
  return {
    chunks: async () => (await plan()).video?.chunks.length ?? 0,
    single: async () => (await plan()).single_chunk,
    /** The parity by which it is deinterlaced. */
    fields: async () => (await plan()).video?.deinterlace ?? null,
    warnings: async () =>
      (await plan()).warnings
        .map(({ code }) => code)
        .sort()
        .join(' '),
    /** Left out, besides rungs. */
    skipped: async () =>
      (await plan()).skipped
        .filter(({ kind }) => kind !== 'rung')
        .map(({ code }) => code)
        .join(' '),
  }
}
