import { soundOf } from './decode.ts'
import { once } from './once.ts'
import type { Rung } from './picture-facts.ts'
import { witness } from './sync.ts'

type Sources = {
  source: string
  rungs: () => Promise<Rung[]>
  /** Playlist of the first sound track. */
  track: string
}

/** Lengths, and how picture and sound lie to each other, all by decoding. */
export function soundFacts({ source, rungs, track }: Sources) {
  const made = once(async () => offsets((await rungs())[0]?.mp4 ?? ''))
  const before = once(() => offsets(source))
  return {
    /** Of the first sound track, in seconds. */
    soundLength: async () => (await soundOf(track)).length / 48_000,
    /** Milliseconds from the first flash to the first beep. */
    offset: async () => (await made()).first,
    lastOffset: async () => (await made()).last,
    /** As `offset`, less what it is in the source. */
    shift: async () => (await made()).first - (await before()).first,
    /** Milliseconds from the last flash to the last beep, less what it is in the source. */
    lastShift: async () => (await made()).last - (await before()).last,
  }
}

async function offsets(input: string): Promise<{ first: number; last: number }> {
  const { flashes, beeps } = await witness(input)
  const between = (index: number) =>
    1000 * ((beeps.at(index) ?? Number.NaN) - (flashes.at(index) ?? Number.NaN))
  return { first: between(0), last: between(-1) }
}
