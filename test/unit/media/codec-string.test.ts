import { expect, test } from 'vitest'
import { z } from 'zod'
import { codecString, trackTimescale } from '../../../src/media/mp4/codec-string.ts'
import {
  encodeAudioSample,
  encodeVideoSample,
  encodeWith,
  probe,
  readFragments,
} from '../../support/encode-sample.ts'
import { box, makeInit, u32 } from '../../support/make-mp4.ts'
import { codeThrownBy } from '../../support/thrown.ts'

const streamsSchema = z.object({
  streams: z.tuple([
    z.object({
      profile: z.string(),
      level: z.int().optional(),
      time_base: z.string(),
      codec_tag_string: z.string(),
    }),
  ]),
})

async function describe(mp4: Buffer) {
  const { init } = readFragments(mp4)
  const entries = 'stream=profile,level,time_base,codec_tag_string'
  const { streams } = streamsSchema.parse(await probe(mp4, ['-show_entries', entries]))
  return { codec: codecString(init), timescale: trackTimescale(init), ...streams[0] }
}

const video = (...args: string[]) => ['-map', '0:v', '-g', '5', ...args]
const X265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error']
const AOM = ['-c:v', 'libaom-av1', '-cpu-used', '8']

test('H.264 as ffprobe names it', async () => {
  const [output = Buffer.alloc(0)] = await encodeVideoSample({ widths: [128], frames: 5 })
  const { codec, profile, level = 0, timescale, time_base } = await describe(output)
  expect(profile).toBe('High')
  expect(codec).toBe(`avc1.6400${level.toString(16).padStart(2, '0')}`)
  expect(`1/${timescale}`).toBe(time_base)
})

test('H.264 with constraint bits as ffprobe names it', async () => {
  const baseline = video('-c:v', 'libx264', '-profile:v', 'baseline', '-level', '3.1', '-pix_fmt', 'yuv420p')
  const { codec, profile, level } = await describe(await encodeWith(baseline))
  expect({ codec, profile, level }).toEqual({
    codec: 'avc1.42c01f',
    profile: 'Constrained Baseline',
    level: 31,
  })
})

test.for([
  ['Main', 'yuv420p', 'hvc1', /^hvc1\.1\.6\.L(\d+)(\.[0-9A-F]{1,2})*$/],
  ['Main 10', 'yuv420p10le', 'hev1', /^hev1\.2\.4\.L(\d+)(\.[0-9A-F]{1,2})*$/],
] as const)('HEVC %s as ffprobe names it', async ([profile, format, entry, pattern]) => {
  const found = await describe(await encodeWith(video(...X265, '-pix_fmt', format, '-tag:v', entry)))
  expect(found.profile).toBe(profile)
  expect(found.codec).toMatch(pattern)
  expect(pattern.exec(found.codec)?.[1]).toBe(String(found.level))
  expect(found.codec).not.toMatch(/\.0$/)
})

test.for([
  ['yuv420p', '08'],
  ['yuv420p10le', '10'],
] as const)('AV1 in %s as ffprobe names it', async ([format, depth]) => {
  const { codec, profile, level = -1 } = await describe(await encodeWith(video(...AOM, '-pix_fmt', format)))
  expect(profile).toBe('Main')
  expect(codec).toBe(`av01.0.${String(level).padStart(2, '0')}M.${depth}`)
})

test('AAC as ffprobe names it', async () => {
  const { codec, profile, timescale, time_base } = await describe(await encodeAudioSample(0.5))
  expect({ codec, profile, timescale, time_base }).toEqual({
    codec: 'mp4a.40.2',
    profile: 'LC',
    timescale: 48000,
    time_base: '1/48000',
  })
})

test('a codec that we do not make is refused', () => {
  const stsd = box('stsd', u32(0, 1), box('vp09', Buffer.alloc(78)))
  const init = box('moov', box('trak', box('mdia', box('minf', box('stbl', stsd)))))
  expect(codeThrownBy(() => void codecString(init))).toBe('unknown_codec')
})

test('an init cut off anywhere inside its codec configuration is refused', async () => {
  const { init } = readFragments(await encodeAudioSample(0.5))
  const esds = init.indexOf('esds') - 4
  const config = init.subarray(esds + 8, esds + init.readUInt32BE(esds))
  const cut = (length: number) => {
    const entry = box('mp4a', Buffer.alloc(28), box('esds', config.subarray(0, length)))
    const stsd = box('stsd', u32(0, 1), entry)
    return box('moov', box('trak', box('mdia', box('minf', box('stbl', stsd)))))
  }
  expect(codecString(cut(config.length))).toBe('mp4a.40.2')
  // The object type is in the two bytes before the SLConfigDescriptor, which ends the box.
  const needed = config.indexOf(Buffer.of(0x05, 0x80, 0x80, 0x80)) + 7
  expect(codecString(cut(needed))).toBe('mp4a.40.2')
  for (let length = 0; length < needed; length++) {
    expect(
      codeThrownBy(() => void codecString(cut(length))),
      `${length} bytes`,
    ).toBe('bad_box')
  }
})

test('a timescale is read in both widths of mdhd, and zero is refused', () => {
  const wide = box('mdhd', u32(1 << 24, 0, 0, 0, 0, 90000, 0, 0))
  expect(trackTimescale(box('moov', box('trak', box('mdia', wide))))).toBe(90000)
  expect(trackTimescale(makeInit(undefined, 12345))).toBe(12345)
  expect(codeThrownBy(() => void trackTimescale(makeInit(undefined, 0)))).toBe('bad_box')
})
