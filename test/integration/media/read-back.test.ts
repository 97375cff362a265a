import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readBack } from '../../../src/media/checks/read-back.ts'
import {
  checkPicture,
  checkSegments,
  piecesOf,
  type StoredBytes,
} from '../../../src/media/checks/verify-bytes.ts'
import type { Codec } from '../../../src/media/model.ts'
import { requireBox } from '../../../src/media/mp4/boxes.ts'
import { codecString, trackTimescale } from '../../../src/media/mp4/codec-string.ts'
import { createFragmentReader } from '../../../src/media/mp4/fragments.ts'
import { readSampleDefaults } from '../../../src/media/mp4/sample-runs.ts'
import { makePlan } from '../../../src/media/plan/make-plan.ts'
import type { AssembledTrack } from '../../../src/media/segments/assemble.ts'
import { joinFragments, placeFragment } from '../../../src/media/segments/segment.ts'
import type { StoredSegment } from '../../../src/media/stored.ts'
import { aPicture, aSource } from '../../support/a-source.ts'
import { profileNamed } from '../../support/profiles.ts'
import { createScratch, picture } from './scratch.ts'

let scratch: Awaited<ReturnType<typeof createScratch>>
beforeAll(async () => {
  scratch = await createScratch()
})
afterAll(() => scratch[Symbol.asyncDispose]())

const never = new AbortController().signal
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const decode = (bytes: Buffer, signal = never) =>
  readBack({ ffprobePath: 'ffprobe', bytes, cwd: scratch.path, signal })

const encoders: Record<Codec, string[]> = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast'],
  hevc: [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-tag:v',
    'hvc1',
    '-x265-params',
    'log-level=none:open-gop=0:scenecut=0',
  ],
  av1: ['-c:v', 'libsvtav1', '-preset', '12'],
}
const bt709 = 'range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709'

/** A track of one segment of three GOPs, 128×72 at 10 frames a second, as a run would store it. */
async function track(codec: Codec, filters = `setparams=${bt709},setsar=1`, size = '128x72') {
  const gops = ['-g', '10', '-keyint_min', '10', '-sc_threshold', '0', '-pix_fmt', 'yuv420p']
  const flags = '+frag_keyframe+empty_moov+default_base_moof+delay_moov+skip_trailer'
  await scratch.make(
    'track.mp4',
    ...[...picture(size, '10', 3), '-vf', filters, ...encoders[codec], ...gops],
    ...['-video_track_timescale', '10000', '-movflags', flags],
  )
  let init: Buffer = Buffer.alloc(0)
  const fragments: [Buffer, Buffer][] = []
  const reader = createFragmentReader({
    onInit: (bytes) => (init = bytes),
    onFragment: (moof, mdat) => fragments.push([moof, mdat]),
  })
  reader.push(await readFile(join(scratch.path, 'track.mp4')))
  reader.end()
  const placed = fragments.map(([moof, mdat], index) => {
    const at = { expectedTime: index * 10_000, runStart: 0, sequence: index + 1 }
    return placeFragment({ moof, mdat, defaults: readSampleDefaults(init), ...at })
  })
  const { bytes, ...about } = joinFragments(placed)
  const row: StoredSegment = { key: 'segment', bytes: bytes.length, ...about }
  const stored: StoredBytes = { init, segments: [{ row, bytes }] }
  const track: AssembledTrack = {
    ...{ name: '72p', frames: 30, durationS: 3, segments: [row] },
    init: {
      ...{ key: 'init', bytes: init.length, sha256: sha256(init) },
      ...{ codec: codecString(init), timescale: trackTimescale(init) },
    },
  }
  return { track, stored }
}

function planned(codec: Codec) {
  const name = codec === 'h264' ? 'default' : codec
  const media = aSource({
    video: aPicture({ width: 128, height: 72, nominal_rate: [10, 1], average_rate: [10, 1] }),
  })
  const { video } = makePlan({ media, build: 'b', singleChunk: null, profile: profileNamed(name) })
  const [rung] = video?.rungs ?? []
  if (!video || !rung) throw new Error('there is a picture')
  return { plan: { ...video, timescale: 10_000, frame_duration: 1000 }, rung }
}

async function verdict(codec: Codec, made: Awaited<ReturnType<typeof track>>) {
  const { plan, rung } = planned(codec)
  const decoded = await decode(piecesOf(made.stored).bytes)
  return {
    picture: checkPicture(plan, rung, { ...made, decoded }),
    segments: checkSegments(made.track, made.stored, decoded),
  }
}

describe('a rung passes', () => {
  test.each(['h264', 'hevc', 'av1'] as const)(
    'in %s, of which the first and the last GOP decode',
    async (codec) => {
      const { picture: init, segments } = await verdict(codec, await track(codec))
      expect(init).toMatchObject({ passed: true, detail: expect.stringContaining('128×72') })
      expect(segments).toMatchObject({ passed: true, detail: '20 frames at both ends of 72p decode' })
    },
  )
})

describe('a rung does not pass', () => {
  test.each([
    ['of another size', ['', '130x72'], 'size 130×72 where 128×72 was due'],
    ['with oblong pixels', [`setparams=${bt709},setsar=4/3`], 'pixel aspect 4:3 where 1:1 was due'],
    [
      'in the colours of another standard',
      [`setparams=${bt709.replace('colorspace=bt709', 'colorspace=smpte170m')},setsar=1`],
      'colours tv smpte170m bt709 bt709 where',
    ],
    ['in full range', [`setparams=${bt709.replace('range=tv', 'range=pc')},setsar=1`], 'colours pc bt709'],
    ['without tags', ['setsar=1'], 'where tv bt709 bt709 bt709 was due'],
  ])('%s', async (_, [filters, size], words) => {
    const { picture: init } = await verdict('h264', await track('h264', filters || undefined, size))
    expect(init).toMatchObject({ passed: false, code: 'init_wrong', detail: expect.stringContaining(words) })
  })

  test('in another codec than planned', async () => {
    const { picture: init } = await verdict('hevc', await track('h264'))
    expect(init.detail).toContain('codec h264 where hevc was due')
  })

  test('when its edit list begins with nothing, or its codec is not that of its row', async () => {
    const made = await track('h264')
    const elst = requireBox(made.stored.init, ['moov', 'trak', 'edts', 'elst'])
    made.stored.init.writeInt32BE(-1, elst.end - 8)
    made.track.init = { ...made.track.init, codec: 'avc1.640033' }
    const { picture: init } = await verdict('h264', made)
    expect(init.detail).toMatch(
      /SHA-256 of the init .*CODECS avc1\.\w+ where avc1\.640033 .*missing head true/,
    )
  })

  test('when its samples are noise, or a fragment is cut off', async () => {
    const noise = await track('h264')
    const [segment] = noise.stored.segments
    for (let i = 200; i < 4000 && segment; i++) segment.bytes[i] = (i * 2_654_435_761) >>> 24
    if (segment) segment.row.sha256 = sha256(segment.bytes)
    expect((await verdict('h264', noise)).segments).toMatchObject({ passed: false, code: 'segment_wrong' })

    const short = await track('h264')
    const whole = short.stored.segments[0]
    if (!whole) throw new Error('there is a segment')
    short.stored = { ...short.stored, segments: [{ ...whole, bytes: whole.bytes.subarray(0, 5000) }] }
    expect((await verdict('h264', short)).segments.detail).toContain('bytes 5000 where')
  })
})

test('what is no track has no codec, no frames and a complaint', async () => {
  expect(await decode(Buffer.from('no track at all\n'.repeat(100)))).toMatchObject({
    codec_name: '',
    nb_read_frames: 0,
    complaints: expect.stringContaining('Invalid data'),
  })
})

test('an abort throws its reason', async () => {
  const stop = new AbortController()
  stop.abort(new Error('enough'))
  await expect(decode(Buffer.alloc(10), stop.signal)).rejects.toThrow('enough')
})
