import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encoders } from '../../../src/media/encoders/encoders.ts'
import { boxNames } from '../../../src/media/plan/ladder-boxes.ts'
import { parseProfiles, requireProfile } from '../../../src/media/plan/profiles.ts'
import { readProfiles } from '../../../src/media/plan/profiles-file.ts'
import { ownProfiles, videoProfile } from '../../support/profiles.ts'

const rung = { name: '720p', max_bitrate_bps: 2_000_000 }
const video = { codec: 'h264', preset: 'fast', crf: 21.5, rungs: [rung] }
const profile = { description: 'One rung', video, audio: { bitrate_bps: 96_000 } }

const faultsOf = (value: unknown): string[] => {
  const read = parseProfiles(typeof value === 'string' ? value : JSON.stringify(value))
  return 'faults' in read ? read.faults : []
}
/** One profile, with fields of its video replaced. */
const withVideo = (fields: object) => ({ default: { ...profile, video: { ...video, ...fields } } })

describe('the profiles that Stepladder comes with', () => {
  test('are the ladder in three codecs, and sound alone', () => {
    expect([...ownProfiles().values()].map(({ name, video }) => [name, video?.codec])).toEqual([
      ['default', 'h264'],
      ['hevc', 'hevc'],
      ['av1', 'av1'],
      ['audio', undefined],
    ])
    for (const name of ['default', 'hevc', 'av1']) {
      expect(videoProfile(name).rungs.map((rung) => rung.name)).toEqual(boxNames)
    }
  })

  test('allow a denser codec fewer bits in every rung', () => {
    const caps = (name: string) => videoProfile(name).rungs.map((rung) => rung.max_bitrate_bps)
    for (const name of ['hevc', 'av1']) {
      expect(caps(name).filter((cap, index) => cap >= (caps('default')[index] ?? 0))).toEqual([])
    }
  })
})

describe('a file of profiles', () => {
  test('is taken as it is: any subset of rungs, codecs and names', () => {
    const named = { ...profile, video: { ...video, codec: 'av1', preset: '10', crf: 40 } }
    const read = parseProfiles(
      JSON.stringify({ default: profile, 'small-2_x': named, voice: { ...profile, video: null } }),
    )
    expect('profiles' in read && [...read.profiles.keys()]).toEqual(['default', 'small-2_x', 'voice'])
    expect('profiles' in read && read.profiles.get('default')).toEqual({ name: 'default', ...profile })
  })

  test.each<[string, unknown, string]>([
    ['that is no JSON', '{', 'it is not JSON: '],
    ['that is empty', '', 'it is not JSON: '],
    ['that is a list', [], 'Invalid input: expected record, received array'],
    ['without a default', { other: profile }, 'must have a profile named default'],
    ['with a name that is none', { default: profile, Ünknown: profile }, 'Ünknown: '],
    [
      'with a field of ours that is not there',
      { default: { ...profile, video: undefined } },
      'default.video: ',
    ],
    [
      'with a field that we do not know',
      { default: { ...profile, fps: 30 } },
      'default: Unrecognized key: "fps"',
    ],
    [
      'with a description of two lines',
      { default: { ...profile, description: 'a\nb' } },
      'default.description: must be one line',
    ],
    [
      'with a codec that we cannot make',
      withVideo({ codec: 'vp9' }),
      'default.video.codec: must be one of h264, hevc, av1',
    ],
    [
      'with a preset of another encoder',
      withVideo({ codec: 'av1', preset: 'fast', crf: 30 }),
      'default.video.preset: libsvtav1 has 0, 1, ',
    ],
    [
      'with an option for a preset',
      withVideo({ preset: '-y' }),
      'default.video.preset: libx264 has ultrafast, ',
    ],
    [
      'with a cap that its encoder refuses',
      withVideo({ codec: 'av1', preset: '8', crf: 30, rungs: [{ ...rung, max_bitrate_bps: 66_000_001 }] }),
      'default.video.rungs: libsvtav1 takes caps of 66000000 bits a second at most',
    ],
    ['with a CRF that is out of range', withVideo({ crf: 52 }), 'default.video.crf: libx264 takes 1 to 51'],
    [
      'with half a CRF where none is taken',
      withVideo({ codec: 'av1', preset: '8', crf: 35.5 }),
      'default.video.crf: libsvtav1 takes whole numbers 1 to 63',
    ],
    [
      'with a rung that has no box',
      withVideo({ rungs: [{ ...rung, name: '999p' }] }),
      'default.video.rungs.0.name: must be one of 2160p, ',
    ],
    ['with no rung', withVideo({ rungs: [] }), 'default.video.rungs: '],
    [
      'with a rung twice',
      withVideo({ rungs: [rung, rung] }),
      'default.video.rungs: must not name a rung twice',
    ],
    [
      'with a cap of nothing',
      withVideo({ rungs: [{ ...rung, max_bitrate_bps: 0 }] }),
      'default.video.rungs.0.max_bitrate_bps: ',
    ],
    [
      'with sound that no encoder makes',
      { default: { ...profile, audio: { bitrate_bps: 1e9 } } },
      'default.audio.bitrate_bps: ',
    ],
    [
      'with more profiles than anybody reads',
      Object.fromEntries(['default', ...Array(50).keys()].map((name) => [name, profile])),
      'must have 50 profiles at most',
    ],
  ])('%s is refused, and it is said what is wrong', (_, file, fault) => {
    expect(faultsOf(file)).toEqual([expect.stringContaining(fault)])
  })

  test('names every fault at once', () => {
    expect(
      faultsOf({ default: { ...profile, audio: {}, video: { ...video, crf: 'x', rungs: [{}] } } }),
    ).toHaveLength(4)
  })
})

describe('a file on the disk', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stepladder-profiles-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function fileWith(text: string): Promise<string> {
    const path = join(folder, 'profiles.json')
    await writeFile(path, text)
    return path
  }

  test('is read instead of ours, which is the one without a name', async () => {
    expect([...(await readProfiles(await fileWith(JSON.stringify({ default: profile })))).keys()]).toEqual([
      'default',
    ])
    expect(await readProfiles()).toEqual(ownProfiles())
  })

  test.each<[string, () => string | Promise<string>, RegExp]>([
    ['is not there', () => join(folder, 'nothing.json'), /nothing\.json cannot be read: ENOENT/],
    ['is a folder', () => folder, /cannot be read: it is no file/],
    ['is a device without an end', () => '/dev/zero', /cannot be read: it is no file/],
    ['is huge', () => fileWith(' '.repeat(300_000)), /it has 300000 bytes, more than 262144/],
    ['is wrong', () => fileWith('{ "default": 7 }'), /profiles\.json are not usable: default: /],
    [
      'is wrong in many places',
      () => fileWith(JSON.stringify(Object.fromEntries([...Array(40).keys()].map((n) => [n, 7])))),
      /; and \d+ more$/,
    ],
  ])('that %s ends the start with its name and the reason', async (_, path, message) => {
    await expect(readProfiles(await path())).rejects.toEqual(
      expect.objectContaining({ code: 'bad_config', message: expect.stringMatching(message) }),
    )
  })
})

test('a worker whose file lacks the profile of a job leaves it to others', () => {
  expect(requireProfile(ownProfiles(), 'av1').name).toBe('av1')
  for (const name of ['nothing', 'constructor', '']) {
    expect(() => requireProfile(ownProfiles(), name)).toThrow(
      expect.objectContaining({ code: 'unknown_profile' }),
    )
  }
})

describe('the argv of an encoder', () => {
  const run = {
    rung: {
      name: '720p',
      width: 1280,
      height: 720,
      crf: 23,
      max_bitrate_bps: 2_800_000,
      buffer_bits: 5_600_000,
    },
    gopFrames: 60,
    threads: 2,
  }

  test('is for H.264 what it always was', () => {
    expect(encoders.h264.args({ ...run, preset: 'veryfast' }).join(' ')).toBe(
      '-c:v libx264 -preset veryfast -profile:v high -crf 23 -maxrate 2800000 -bufsize 5600000 ' +
        '-bf 3 -g 60 -keyint_min 60 -sc_threshold 0 -flags +cgop -threads 2',
    )
  })

  test('bounds the threads of x265, which are never none', () => {
    const args = (threads: number) => encoders.hevc.args({ ...run, preset: 'fast', threads }).at(-1)
    expect(args(1)).toContain('pools=1:frame-threads=1:')
    expect(args(40)).toContain('pools=40:frame-threads=16:')
  })
})
