/** Numbers that are the same for the same seed. */
export type Random = {
  /** A whole number from 0 up to, but not including, `bound`. */
  below: (bound: number) => number
  one: <T>(items: readonly [T, ...T[]]) => T
}

/** Mulberry32 (Tommy Ettinger, public domain). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number) => Math.floor(next() * bound)
  return { below, one: (items) => items[below(items.length)] ?? items[0] }
}
