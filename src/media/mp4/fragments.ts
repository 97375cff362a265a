/** Fragmented MP4 with one track, as ffmpeg's `frag_*` modes write it (ISO/IEC 14496-12 §8.8). */
import { StepladderError } from '../../errors.ts'
import { boxesIn, createBoxSplitter, requireBox } from './boxes.ts'
import { createByteCursor } from './byte-cursor.ts'
import { readFragmentDefaults, readSampleRun, type SampleDefaults } from './sample-runs.ts'

/** One moof + mdat. Times are in the track's timescale; offsets count from the start of the moof. */
export type Fragment = {
  decodeTime: number
  duration: number
  frames: number
  /** Up to the end of the first sample: what an I-frame playlist's byte range needs. */
  syncBytes: number
  /** Up to the end of the last sample: what moof and mdat must have together. */
  totalBytes: number
  startsWithSync: boolean
}

/** `sample_is_non_sync_sample` of the sample flags (§8.8.3.1). */
const NON_SYNC = 0x10000
const NO_DEFAULTS: SampleDefaults = { duration: 0, size: 0, flags: 0 }

/**
 * Streams one output of ffmpeg: `ftyp` and `moov` become the init, each `moof` with its `mdat` a
 * fragment; styp, sidx, mfra and free are dropped. The buffers belong to the receiver. Throws
 * `bad_box` for boxes out of order; `end()` throws `truncated_output` unless on a whole fragment.
 */
export function createFragmentReader({
  onInit,
  onFragment,
  maxBoxBytes,
}: {
  onInit: (init: Buffer) => void
  onFragment: (moof: Buffer, mdat: Buffer) => void
  maxBoxBytes?: number
}) {
  let ftyp: Buffer | null = null
  let hasInit = false
  let moof: Buffer | null = null

  function onBox(type: string, bytes: Buffer): void {
    // data_offset in the moof counts on the mdat following at once.
    if (moof !== null && type !== 'mdat') throw outOfOrder(type)
    switch (type) {
      case 'ftyp':
        if (ftyp !== null) throw outOfOrder(type)
        ftyp = bytes
        return
      case 'moov':
        if (ftyp === null || hasInit) throw outOfOrder(type)
        hasInit = true
        onInit(Buffer.concat([ftyp, bytes]))
        return
      case 'moof':
        if (!hasInit) throw outOfOrder(type)
        moof = bytes
        return
      case 'mdat': {
        if (moof === null) throw outOfOrder(type)
        const head = moof
        moof = null
        onFragment(head, bytes)
        return
      }
    }
  }

  const splitter = createBoxSplitter({ onBox, ...(maxBoxBytes === undefined ? {} : { maxBoxBytes }) })
  return {
    push: splitter.push,
    end(): void {
      splitter.end()
      if (moof !== null) {
        throw new StepladderError('truncated_output', 'the output ends between moof and mdat')
      }
      if (ftyp !== null && !hasInit)
        throw new StepladderError('truncated_output', 'the output ends before its moov')
    },
  }
}

/** Reads a moof of one track. Throws `bad_box` where its tables do not hold together. */
export function readFragment(moof: Buffer, trackDefaults: SampleDefaults = NO_DEFAULTS): Fragment {
  const traf = requireOnlyTraf(moof)
  const defaults = readFragmentDefaults(moof, trackDefaults)
  let frames = 0
  let duration = 0
  let offset: number | null = null
  let first: { end: number; flags: number } | null = null
  for (const box of boxesIn(moof, traf.body, traf.end)) {
    if (box.type !== 'trun') continue
    const run = readSampleRun(createByteCursor(moof, box.body, box.end), defaults)
    if (run.frames === 0) continue
    const start: number | null = run.dataOffset ?? offset
    if (start === null || start < moof.length + 8 || (offset !== null && start !== offset)) {
      throw new StepladderError('bad_box', `samples at ${start} do not follow what comes before them`)
    }
    first ??= { end: start + run.first.size, flags: run.first.flags }
    offset = start + run.bytes
    frames += run.frames
    duration += run.duration
  }
  if (first === null || offset === null) throw new StepladderError('bad_box', 'a moof without samples')
  return {
    decodeTime: readDecodeTime(moof),
    duration,
    frames,
    syncBytes: first.end,
    totalBytes: offset,
    startsWithSync: (first.flags & NON_SYNC) === 0,
  }
}

/** Moves a fragment in place: adds to its decode time (`tfdt`) and sets its sequence number (`mfhd`). */
export function rebaseFragment(moof: Buffer, move: { addDecodeTime: number; sequence: number }): void {
  const mfhd = requireBox(moof, ['moof', 'mfhd'])
  const tfdt = requireBox(moof, ['moof', 'traf', 'tfdt'])
  const time = BigInt(readDecodeTime(moof)) + BigInt(move.addDecodeTime)
  // readDecodeTime has shown that the fields are there.
  const wide = moof.readUInt8(tfdt.body) === 1
  if (time < 0n || time > (wide ? BigInt(Number.MAX_SAFE_INTEGER) : 0xffffffffn)) {
    throw new StepladderError('bad_box', `a decode time of ${time} does not fit its tfdt`)
  }
  if (wide) moof.writeBigUInt64BE(time, tfdt.body + 4)
  else moof.writeUInt32BE(Number(time), tfdt.body + 4)
  createByteCursor(moof, mfhd.body, mfhd.end).skip(8)
  moof.writeUInt32BE(move.sequence, mfhd.body + 4)
}

function requireOnlyTraf(moof: Buffer) {
  const body = requireBox(moof, ['moof'])
  const trafs = [...boxesIn(moof, body.body, body.end)].filter((box) => box.type === 'traf')
  const traf = trafs[0]
  if (traf === undefined || trafs.length > 1 || body.end !== moof.length) {
    throw new StepladderError('bad_box', `a moof of ${trafs.length} tracks where one is wanted`)
  }
  return traf
}

/** `baseMediaDecodeTime`: 32 bits in version 0, 64 in version 1 (§8.8.12). */
function readDecodeTime(moof: Buffer): number {
  const tfdt = requireBox(moof, ['moof', 'traf', 'tfdt'])
  const fields = createByteCursor(moof, tfdt.body, tfdt.end)
  const version = fields.u32() >>> 24
  if (version > 1) throw new StepladderError('bad_box', `tfdt version ${version}`)
  if (version === 0) return fields.u32()
  const time = fields.u64()
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) throw new StepladderError('bad_box', `a decode time of ${time}`)
  return Number(time)
}

function outOfOrder(type: string): StepladderError {
  return new StepladderError('bad_box', `a ${type} box out of order`)
}
