/**
 * The places where the death of a process is hardest on the protocol: between a commit and the message
 * that tells of it, or in the middle of work whose traces stay behind.
 */
export const failpoints = [
  /** The API committed a job and has not announced it. */
  'submitted',
  /** A hint is in the stream, and its task not marked as announced. */
  'announced',
  /** A hint was read, and its task not claimed. */
  'read',
  /** A task was claimed, and nothing begun. */
  'claimed',
  /** ffmpeg is at work. */
  'encoding',
  /** Uploads of a segment are on their way. */
  'uploading',
  /** Uploads are done, and their commit has not begun. */
  'uploaded',
  /** A run's end is committed, and its hint still in the stream. */
  'committed',
  /** A task was given back for another attempt, and its hint is still in the stream. */
  'retried',
  /** The API committed a cancellation and told nobody. */
  'cancelled',
  /** A stopping worker has ended its runs and holds hints that it read. */
  'draining',
  /** The API committed a person's retry and woke nobody. */
  'redriven',
  /** Lost tasks were taken back, and the poisonous ones not failed yet. */
  'reaped',
] as const

type Failpoint = (typeof failpoints)[number]

/** Told of each such place as it is passed. Nothing in production; the chaos suite injects one that ends the process. */
export type Reach = (place: Failpoint) => void

export const reachNothing: Reach = () => {}
