/** The sample tables of a fragmented MP4 and the three layers of their defaults (ISO/IEC 14496-12 §8.8). */
import { StepladderError } from '../../errors.ts'
import { requireBox } from './boxes.ts'
import { createByteCursor } from './byte-cursor.ts'

/** What a sample has where nothing nearer to it says otherwise; duration in the track's timescale. */
export type SampleDefaults = { duration: number; size: number; flags: number }

/** The defaults of an init's only track (`trex`, §8.8.3). */
export function readSampleDefaults(init: Buffer): SampleDefaults {
  const trex = requireBox(init, ['moov', 'mvex', 'trex'])
  const fields = createByteCursor(init, trex.body, trex.end)
  fields.skip(12) // version and flags, track, sample description
  return { duration: fields.u32(), size: fields.u32(), flags: fields.u32() }
}

/** The defaults of one fragment, over those of the track. Fields are there by flag, in this order (`tfhd`, §8.8.7). */
export function readFragmentDefaults(moof: Buffer, trackDefaults: SampleDefaults): SampleDefaults {
  const tfhd = requireBox(moof, ['moof', 'traf', 'tfhd'])
  const fields = createByteCursor(moof, tfhd.body, tfhd.end)
  const flags = fields.u32()
  fields.skip(4) // track
  // An absolute file offset cannot survive being cut out of its file.
  if (flags & 0x1) throw new StepladderError('bad_box', 'a tfhd with a base data offset')
  if (flags & 0x2) fields.skip(4)
  return {
    duration: flags & 0x8 ? fields.u32() : trackDefaults.duration,
    size: flags & 0x10 ? fields.u32() : trackDefaults.size,
    flags: flags & 0x20 ? fields.u32() : trackDefaults.flags,
  }
}

/**
 * One run of samples: how many, their duration and bytes, and the first one's size and flags. Fields
 * are there by flag, in this order (`trun`, §8.8.8). Throws `bad_box` where the count and the box disagree.
 */
export function readSampleRun(fields: ReturnType<typeof createByteCursor>, defaults: SampleDefaults) {
  const flags = fields.u32()
  const frames = fields.u32()
  const dataOffset = flags & 0x1 ? fields.i32() : null
  const firstFlags = flags & 0x4 ? fields.u32() : null
  const sampleFields = [0x100, 0x200, 0x400, 0x800].filter((bit) => flags & bit).length
  // Before looping: a count is one number in the file, a loop over 4 G samples is an hour of ours.
  if (fields.left !== frames * sampleFields * 4) {
    throw new StepladderError('bad_box', `a trun of ${frames} samples`)
  }
  const samples = sampleFields === 0 ? Math.min(frames, 1) : frames
  let duration = 0
  let bytes = 0
  let first = { size: 0, flags: 0 }
  for (let i = 0; i < samples; i++) {
    duration += flags & 0x100 ? fields.u32() : defaults.duration
    const size = flags & 0x200 ? fields.u32() : defaults.size
    const sampleFlags = flags & 0x400 ? fields.u32() : defaults.flags
    if (flags & 0x800) fields.skip(4) // composition offset
    if (i === 0) first = { size, flags: firstFlags ?? sampleFlags }
    bytes += size
  }
  // Without fields of their own all samples are alike.
  const alike = sampleFields === 0 ? frames : 1
  return { frames, dataOffset, duration: duration * alike, bytes: bytes * alike, first }
}
