export type Random = {
  /** From 0 up to, not including, 1. */
  share(): number
  /** A whole number from `low` up to, not including, `high`. */
  between(low: number, high: number): number
}

/** Numbers that look random and are the same for the same seed (mulberry32, public domain, by T. Ettinger). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  function share(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { share, between: (low, high) => low + Math.floor(share() * (high - low)) }
}
