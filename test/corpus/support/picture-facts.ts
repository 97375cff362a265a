import { decodedPicture, keyFrameTimes, lumaOf, mean, type Stream } from './decode.ts'
import { colourError, combing, quarterNames } from './looks.ts'
import { once } from './once.ts'
import { difference, frameNumbers } from './signature.ts'

export type Rung = { name: string; playlist: string; mp4: string; frames: number | null }
type Sources = { source: string; rungs: () => Promise<Rung[]> }

/** Of the top rung as MP4, unless said otherwise; all by decoding. */
export function pictureFacts({ source, rungs }: Sources) {
  const mp4 = async () => (await rungs())[0]?.mp4 ?? ''
  const picture = once(async (): Promise<Stream> => decodedPicture(await mp4()))
  const numbers = once(async () => frameNumbers(await mp4()))
  const size = async () => {
    const { width = 0, height = 0 } = await picture()
    return { width, height }
  }
  const lumaIn = async (crop: string) => mean((await lumaOf(await mp4(), crop)).slice(5, 20))
  return {
    size: async () => Object.values(await size()).join('x'),
    pixelAspect: async () => (await picture()).sample_aspect_ratio ?? 'unknown',
    frameRate: async () => (await picture()).r_frame_rate ?? 'unknown',
    pixelFormat: async () => (await picture()).pix_fmt ?? 'unknown',
    /** Matrix, transfer and primaries. */
    colour: async () => {
      const { color_space, color_transfer, color_primaries } = await picture()
      return [color_space, color_transfer, color_primaries].join(' ')
    },
    range: async () => (await picture()).color_range ?? 'unknown',
    frames: async () => (await picture()).nb_read_frames ?? 0,
    /** Every rung, in HLS and in the rows, has as many frames as the MP4 of the top one. */
    sameFrames: async () => {
      const { nb_read_frames } = await picture()
      const made = await rungs()
      const streamed = await inTurn(
        made,
        async (rung) => (await decodedPicture(rung.playlist)).nb_read_frames,
      )
      return [...streamed, ...made.map(({ frames }) => frames)].every((count) => count === nb_read_frames)
    },
    /** MP4 and every rung show the frames of a straight decode of the source, by their numbers. */
    asSource: async () => {
      const wanted = await frameNumbers(source)
      const made = await rungs()
      const streamed = await inTurn(made, async (rung) =>
        difference(await frameNumbers(rung.playlist), wanted),
      )
      const found = [difference(await numbers(), wanted), ...streamed].find((one) => one !== null)
      return found ?? wanted.length > 0
    },
    /** The same but for times: none is missing, and one that the source shows longer is repeated. */
    inOrder: async () => {
      const wanted = await frameNumbers(source)
      return difference(withoutRepeats(await numbers()), withoutRepeats(wanted)) ?? wanted.length > 0
    },
    /** By how much the frames' numbers grow from one to the next: 2 where every second one was left out. */
    everyNth: async () => {
      const shown = await numbers()
      const steps = new Set(shown.slice(1).map((number, index) => number - (shown[index] ?? 0)))
      return [...steps].join(' ')
    },
    /** Seconds between key frames, if it is the same time everywhere and in every rung. */
    keyFrames: async () => {
      const [first = [], ...others] = await inTurn(await rungs(), (rung) => keyFrameTimes(rung.playlist))
      const apart = first.slice(1).map((time, index) => time - (first[index] ?? 0))
      const even = apart.every((gap) => Math.abs(gap - (apart[0] ?? 0)) < 0.002)
      const aligned = others.every((times) => times.join() === first.join())
      return even && aligned
        ? (apart[0] ?? 0)
        : [first, ...others].map((times) => times.join(' ')).join(' / ')
    },
    /** Colours of the four quarters of the picture. */
    quarters: async () => quarterNames(await mp4()),
    colourError: async () => colourError(await mp4()),
    combing: async () => combing(await mp4(), await size()),
    lumaTopLeft: () => lumaIn('iw/2:ih/2:0:0'),
    lumaTopRight: () => lumaIn('iw/2:ih/2:iw/2:0'),
    lumaBottomLeft: () => lumaIn('iw/2:ih/2:0:ih/2'),
    lumaBottomRight: () => lumaIn('iw/2:ih/2:iw/2:ih/2'),
  }
}

const withoutRepeats = (frames: readonly number[]) =>
  frames.filter((number, index) => number !== frames[index - 1])

/** One after the other: other cases need the processors too. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await work(item))
  return results
}
