/** What the bytes of a track must be, read back from the store. Each check is pure and gives one finding. */

import { StepladderError } from '../../errors.ts'
import type { AudioPlan, Rung, VideoPlan } from '../model.ts'
import { requireBox } from '../mp4/boxes.ts'
import { codecString, trackTimescale } from '../mp4/codec-string.ts'
import { firstEdit } from '../mp4/edit-list.ts'
import { readFragment } from '../mp4/fragments.ts'
import { readSampleDefaults } from '../mp4/sample-runs.ts'
import type { AssembledTrack } from '../segments/assemble.ts'
import { sha256Of } from '../sha256.ts'
import type { StoredSegment } from '../stored.ts'
import { type Finding, failed, passed } from './findings.ts'
import type { ReadBack } from './read-back.ts'
import { AAC_FRAME } from './verify-rows.ts'

/** A track's init, and its first and last segment, which may be the same one, as the store gave them. */
export type StoredBytes = { init: Buffer; segments: readonly { row: StoredSegment; bytes: Buffer }[] }

/** Limited range, then matrix, transfer and primaries: what every rung is encoded in. */
const BT709 = 'tv bt709 bt709 bt709'

/** The init says what its row and the plan say: codec, timescale, size, square pixels, colours, no missing head. */
export function checkPicture(
  plan: VideoPlan,
  rung: Rung,
  read: { track: AssembledTrack; stored: StoredBytes; decoded: ReadBack },
): Finding {
  const { track, stored, decoded } = read
  const { width, height, color_range, color_space, color_transfer, color_primaries } = decoded
  const wrong = differences([
    ...initFacts(track, stored.init),
    ['timescale', track.init.timescale, plan.timescale],
    ['codec', decoded.codec_name, plan.encoder.codec],
    ['size', `${width}×${height}`, `${rung.width}×${rung.height}`],
    ['pixel aspect', decoded.sample_aspect_ratio, '1:1'],
    ['colours', [color_range, color_space, color_transfer, color_primaries].join(' '), BT709],
    ['missing head', startsLate(stored.init), false],
  ])
  return wrong
    ? failed('picture', 'init_wrong', `${rung.name}: ${wrong}`)
    : passed('picture', `${rung.name} is ${width}×${height}, ${track.init.codec}, BT.709`)
}

/** The same of a sound, whose edit list leaves out the encoder's priming and nothing else. */
export function checkSoundInit(
  plan: AudioPlan,
  read: { track: AssembledTrack; stored: StoredBytes; decoded: ReadBack },
): Finding {
  const { track, stored, decoded } = read
  const wrong = differences([
    ...initFacts(track, stored.init),
    ['timescale', track.init.timescale, plan.sample_rate],
    ['codec', decoded.codec_name, 'aac'],
    ['rate', decoded.sample_rate, plan.sample_rate],
    ['channels', decoded.channels, plan.channels],
    ['start', safely(() => firstEdit(stored.init)), AAC_FRAME],
  ])
  return wrong
    ? failed('sound_init', 'sound_wrong', `${track.name}: ${wrong}`)
    : passed('sound_init', `${track.name} is ${track.init.codec} and starts with its grid`)
}

/** The bytes of the segments are those of their rows, box by box, and their fragments decode to every frame. */
export function checkSegments({ name }: AssembledTrack, stored: StoredBytes, decoded: ReadBack): Finding {
  for (const { row, bytes } of stored.segments) {
    const wrong = differences([
      ['bytes', bytes.length, row.bytes],
      ['SHA-256', sha256Of(bytes), row.sha256],
      ...fragmentsOf({ row, bytes }).map((fragment, index): Fact => {
        const [, sync, frames, time] = row.fragments[index] ?? []
        const found = safely(() => inWords(fragment, stored.init))
        return [`fragment ${index}`, found, `${frames} frames at ${time}, a sync sample in ${sync} bytes`]
      }),
    ])
    if (wrong) return failed('segments', 'segment_wrong', `${name}, ${row.key}: ${wrong}`)
  }
  const due = piecesOf(stored).frames
  const { nb_read_frames, complaints } = decoded
  if (nb_read_frames !== due || complaints !== '') {
    const words = complaints.split('\n')[0]?.slice(0, 200)
    return failed(
      'segments',
      'segment_wrong',
      `${name} decodes to ${nb_read_frames} of ${due} frames. ${words}`,
    )
  }
  return passed('segments', `${due} frames at both ends of ${name} decode`)
}

/** The init with the very first and the very last fragment, and how many frames they hold. */
export function piecesOf({ init, segments }: StoredBytes): { bytes: Buffer; frames: number } {
  const all = segments.flatMap((segment) =>
    fragmentsOf(segment).map((bytes, index) => ({ bytes, frames: segment.row.fragments[index]?.[2] ?? 0 })),
  )
  const [first] = all
  const last = all.at(-1)
  const ends = first && last ? [...new Set([first, last])] : []
  return {
    bytes: Buffer.concat([init, ...ends.map(({ bytes }) => bytes)]),
    frames: ends.reduce((sum, { frames }) => sum + frames, 0),
  }
}

function inWords(fragment: Buffer, init: Buffer): string {
  const moof = fragment.subarray(0, requireBox(fragment, ['moof']).end)
  const { syncBytes, frames, decodeTime, startsWithSync } = readFragment(moof, readSampleDefaults(init))
  return `${frames} frames at ${decodeTime}, ${startsWithSync ? 'a' : 'no'} sync sample in ${syncBytes} bytes`
}

function fragmentsOf({ row, bytes }: { row: StoredSegment; bytes: Buffer }): Buffer[] {
  return row.fragments.map(([offset], index) => bytes.subarray(offset, row.fragments[index + 1]?.[0]))
}

type Fact = [what: string, found: string | number | boolean | null, due: string | number | boolean]

function initFacts({ init: row }: AssembledTrack, init: Buffer): Fact[] {
  return [
    ['bytes of the init', init.length, row.bytes],
    ['SHA-256 of the init', sha256Of(init), row.sha256],
    ['CODECS', safely(() => codecString(init)), row.codec],
    ['timescale of the init', safely(() => trackTimescale(init)), row.timescale],
  ]
}

const differences = (facts: readonly Fact[]): string =>
  facts
    .filter(([, found, due]) => found !== due)
    .map(([what, found, due]) => `${what} ${found} where ${due} was due`)
    .join(', ')

const startsLate = (init: Buffer): boolean => safely(() => firstEdit(init)) === -1

/** Boxes that do not hold together are one more difference, not an end of the check. */
function safely<T>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    if (error instanceof StepladderError) return error.message
    throw error
  }
}
