import { z } from 'zod'
import { getVideo } from '../../../scripts/demo/submit.ts'
import { videoSchema } from '../../../scripts/demo/video.ts'
import { planSchema } from '../../../src/media/model.ts'
import type { TestSystem } from '../../support/system.ts'
import { decodedPicture, lumaOf, mean, quarters, type Stream, soundOf } from './decode.ts'

const withTracks = videoSchema.extend({
  tracks: z.array(z.object({ kind: z.string(), state: z.string(), language: z.string().nullable() })),
})

export type Facts = ReturnType<typeof factsOf>

/** What can be said of a result, each measured when asked for. */
export function factsOf(system: TestSystem, videoId: string) {
  const video = once(async () => withTracks.parse(await getVideo(system.baseUrl, videoId)))
  const plan = once(async () => {
    const [row] = await system.sql<{ plan: unknown }[]>`select plan from videos where id = ${videoId}`
    return planSchema.parse(row?.plan)
  })
  const top = async () => (await video()).resolutions[0]
  const mp4 = async () => new URL((await top())?.mp4_url ?? '', system.baseUrl).href
  const playlist = (name: string) => `${system.baseUrl}/videos/${videoId}/hls/${name}.m3u8`
  const picture = once(async (): Promise<Stream> => decodedPicture(await mp4()))
  const track = (number: number) => playlist(`audio-${number}`)

  return {
    status: async () => (await video()).status,
    error: async () => (await video()).error?.code ?? null,
    /** Tries beyond the first, of the task that had most. */
    attempts: async () => {
      const [row] = await system.sql<{ attempts: number }[]>`
        select max(attempt)::int as attempts from tasks where video_id = ${videoId}`
      return row?.attempts ?? 0
    },
    rungs: async () => (await video()).resolutions.map(({ name }) => name).join(' '),
    /** Of the top rung, decoded. */
    size: async () => `${(await picture()).width}x${(await picture()).height}`,
    pixelAspect: async () => (await picture()).sample_aspect_ratio ?? 'unknown',
    frameRate: async () => (await picture()).r_frame_rate ?? 'unknown',
    pixelFormat: async () => (await picture()).pix_fmt ?? 'unknown',
    /** Matrix, transfer and primaries. */
    colour: async () => {
      const { color_space, color_transfer, color_primaries } = await picture()
      return [color_space, color_transfer, color_primaries].join(' ')
    },
    range: async () => (await picture()).color_range ?? 'unknown',
    /** Of the top rung as MP4. */
    frames: async () => (await picture()).nb_read_frames ?? 0,
    /** Every rung, in HLS and in the rows, has as many frames as the MP4 of the top one. */
    sameFrames: async () => {
      const { nb_read_frames } = await picture()
      const rungs = (await video()).resolutions
      const streamed = await Promise.all(
        rungs.map(async ({ name }) => (await decodedPicture(playlist(name))).nb_read_frames),
      )
      return [...streamed, ...rungs.map(({ frames }) => frames)].every((count) => count === nb_read_frames)
    },
    /** Colours of the four quarters of the picture after half a second. */
    quarters: async () => quarters(await mp4(), 0.5),
    lumaTopLeft: async () => mean((await lumaOf(await mp4(), 'iw/2:ih/2:0:0')).slice(5, 20)),
    lumaTopRight: async () => mean((await lumaOf(await mp4(), 'iw/2:ih/2:iw/2:0')).slice(5, 20)),
    lumaBottomLeft: async () => mean((await lumaOf(await mp4(), 'iw/2:ih/2:0:ih/2')).slice(5, 20)),
    lumaBottomRight: async () => mean((await lumaOf(await mp4(), 'iw/2:ih/2:iw/2:ih/2')).slice(5, 20)),
    /** Languages of the sound tracks, `-` where none is stated. */
    sound: async () =>
      (await video()).tracks
        .filter(({ kind, state }) => kind === 'audio' && state === 'ready')
        .map(({ language }) => language ?? '-')
        .join(' '),
    subtitles: async () =>
      (await video()).tracks
        .filter(({ kind, state }) => kind === 'subtitle' && state === 'ready')
        .map(({ language }) => language ?? '-')
        .join(' '),
    /** Of the first sound track, decoded, in seconds. */
    soundLength: async () => (await soundOf(track(0))).length / 48_000,
    /** From the first flash to the first beep, in milliseconds; frames are exact to half a frame. */
    offset: async () => {
      const [luma, sound] = await Promise.all([lumaOf(await mp4()), soundOf(await mp4())])
      const [frames = 0, seconds = 1] = ((await picture()).r_frame_rate ?? '').split('/').map(Number)
      const flash = (luma.findIndex((value) => value > 120) / frames) * seconds
      const beep = sound.findIndex((value) => Math.abs(value) > 0.2) / 48_000
      return (beep - flash) * 1000
    },
    /** The same at the last flash, for drift. */
    lastOffset: async () => {
      const [luma, sound] = await Promise.all([lumaOf(await mp4()), soundOf(await mp4())])
      const [frames = 0, seconds = 1] = ((await picture()).r_frame_rate ?? '').split('/').map(Number)
      const flashes = starts(luma, (value) => value > 120, 2).map((index) => (index / frames) * seconds)
      const beeps = starts(sound, (value) => Math.abs(value) > 0.2, 24_000).map((index) => index / 48_000)
      return ((beeps.at(-1) ?? Number.NaN) - (flashes.at(-1) ?? Number.NaN)) * 1000
    },
    chunks: async () => (await plan()).video?.chunks.length ?? 0,
    single: async () => (await plan()).single_chunk,
    warnings: async () =>
      (await plan()).warnings
        .map(({ code }) => code)
        .sort()
        .join(' '),
    skipped: async () =>
      (await plan()).skipped
        .filter(({ kind }) => kind !== 'rung')
        .map(({ code }) => code)
        .join(' '),
    title: async () => (await video()).title,
  }
}

/** Indexes at which something begins, `quiet` values at least after it last was so. */
function starts(values: ArrayLike<number>, is: (value: number) => boolean, quiet: number): number[] {
  const found: number[] = []
  let last = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    if (!is(values[i] ?? 0)) continue
    if (i - last > quiet) found.push(i)
    last = i
  }
  return found
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make()
    return made
  }
}
