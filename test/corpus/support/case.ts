import type { JobRequest } from '../../../src/cli/client/submit.ts'
import type { Facts } from './facts.ts'

/** Something that must be so: an exact value, or a range for what is measured. */
export type Wanted = string | number | boolean | null | Range
type Range = { about: number; within: number }

type Wants = { [Fact in keyof Facts]?: Wanted }

/** One kind of file that people really have, and what must come of it. */
export type Case = {
  /** A row of the scoreboard. */
  name: string
  /** Makes the file, or finds it made before; returns its path. */
  make: () => Promise<string>
  /** Options of the job; none unless told. */
  job?: Omit<JobRequest, 'source'>
  /** Looked at one by one; each is measured from outside, by the API and by decoding. */
  wants: Wants
}

export const about = (value: number, within: number): Range => ({ about: value, within })

export const isRange = (wanted: unknown): wanted is Range =>
  typeof wanted === 'object' && wanted !== null && 'about' in wanted

export function matches(got: unknown, wanted: Wanted): boolean {
  if (!isRange(wanted)) return got === wanted
  return typeof got === 'number' && Math.abs(got - wanted.about) <= wanted.within
}
