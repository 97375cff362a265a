import type { Facts } from './facts.ts'

/** Something that must be so: an exact value, or a range for what is measured. */
export type Wanted = string | number | boolean | null | Range
export type Range = { about: number; within: number }

/** One kind of file that people really have, and what must come of it. */
export type Case = {
  /** A row of the scoreboard. */
  name: string
  /** Makes the file, or finds it made before; returns its path. */
  make: () => Promise<string>
  /** Looked at one by one; each is measured from outside, by the API and by decoding. */
  wants: { [Fact in keyof Facts]?: Wanted }
}

export const about = (value: number, within: number): Range => ({ about: value, within })

export function matches(got: unknown, wanted: Wanted): boolean {
  if (typeof wanted !== 'object' || wanted === null) return got === wanted
  return typeof got === 'number' && Math.abs(got - wanted.about) <= wanted.within
}

export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'about' in value && 'within' in value) {
    return `${value.about} ± ${value.within}`
  }
  return typeof value === 'number' ? String(Math.round(value * 1000) / 1000) : String(value)
}
