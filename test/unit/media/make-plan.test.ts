import { describe, expect, test } from 'vitest'
import { type MediaInfo, planSchema, type VideoStream } from '../../../src/media/model.ts'
import { makePlan } from '../../../src/media/plan/make-plan.ts'
import { aPicture, aSource, aTrack } from '../../support/a-source.ts'
import { profileNamed } from '../../support/profiles.ts'

const planOf = (media: Partial<MediaInfo>, singleChunk: string | null = null) =>
  makePlan({ media: aSource(media), build: 'b1', singleChunk, profile: profileNamed('default') })

const HDR = { range: 'tv', space: 'bt2020nc', transfer: 'smpte2084', primaries: 'bt2020', max_cll: null }
const SUBTITLE = { stream_index: 5, language: 'eng', title: null, default: false, forced: false }

describe('a plan', () => {
  test.each<[string, Partial<MediaInfo>]>([
    ['of an ordinary film', { audio: [aTrack()] }],
    ['of a silent film', {}],
    [
      'of a film at a negative clock',
      { video: aPicture({ first_pts: -90_000, start_s: -1, time_base: [1, 90_000] }), audio: [aTrack()] },
    ],
    ['of sound alone', { video: null, audio: [aTrack()] }],
    ['of HDR', { video: aPicture({ color: HDR }) }],
  ])('%s has the stored shape', (_, media) => {
    const plan = planOf(media)
    expect(planSchema.parse(plan)).toEqual(plan)
  })

  test.each<[string, string | null, Partial<VideoStream>, Partial<MediaInfo>, string | null]>([
    ['null where it is cut', null, {}, {}, null],
    ['the code it was asked for', null, {}, {}, 'init_mismatch'],
    ['short', 'short', { duration_s: 11 }, {}, null],
    ['no_duration', 'no_duration', { duration_s: null }, { duration_s: null }, null],
    ['not_seekable', 'not_seekable', {}, { format: 'gif' }, null],
  ])('says why the source is one piece: %s', (_, expected, picture, media, asked) => {
    const plan = planOf({ ...media, video: aPicture(picture) }, asked)
    expect(plan.single_chunk).toBe(asked ?? expected)
    expect(plan.video?.chunks.length === 1).toBe(plan.single_chunk !== null)
  })

  test.each<[VideoStream['nominal_rate'], number, number]>([
    [[30, 1], 4, 5],
    [[30000, 1001], 4.004, 5],
    [[24000, 1001], 4.004, 5],
    [[1, 2], 4, 4],
    [[25, 2], 4, 5],
  ])('at %j states a target duration that a joined tail does not pass', (rate, segmentS, target) => {
    const plan = planOf({ video: aPicture({ nominal_rate: rate, average_rate: rate }) })
    expect(plan.segment_s).toBeCloseTo(segmentS, 6)
    expect(plan.target_duration_s).toBe(target)
  })

  test('decodes a longer head of a transport stream, which seeks badly', () => {
    expect(planOf({ format: 'mpegts' }).video?.preroll_s).toBe(10)
    expect(planOf({}).video?.preroll_s).toBe(2)
  })

  test.each([
    ['by what it says', { ...HDR, max_cll: 4060 }, { transfer: 'smpte2084', peak: 20 }],
    ['for 1000 nits if it does not', HDR, { transfer: 'smpte2084', peak: 1000 / 203 }],
    ['never for less than white', { ...HDR, max_cll: 10 }, { transfer: 'smpte2084', peak: 1 }],
    [
      'for 1000 nits in HLG',
      { ...HDR, transfer: 'arib-std-b67' },
      { transfer: 'arib-std-b67', peak: 1000 / 203 },
    ],
    ['not at all in SDR', { ...HDR, transfer: 'bt709' }, null],
  ] as const)('maps HDR %s', (_, color, expected) => {
    expect(planOf({ video: aPicture({ color }) }).video?.tone_map).toEqual(expected)
  })

  test('knows full range by tag and by format', () => {
    expect(
      planOf({ video: aPicture({ color: { ...HDR, transfer: null, range: 'pc' } }) }).video?.full_range,
    ).toBe(true)
    expect(planOf({ video: aPicture({ pixel_format: 'yuvj420p' }) }).video?.full_range).toBe(true)
    expect(planOf({}).video?.full_range).toBe(false)
  })

  test.each([
    ['bt709', 480, 'bt709'],
    ['smpte170m', 1080, 'smpte170m'],
    ['bt470bg', 576, 'smpte170m'],
    ['bt2020nc', 2160, 'bt2020'],
    ['fcc', 480, 'fcc'],
    // Untagged: what such a size was always made with.
    [null, 480, 'smpte170m'],
    ['unknown', 576, 'smpte170m'],
    [null, 720, 'bt709'],
    // RGB has no matrix.
    ['gbr', 480, 'bt709'],
  ])('takes a source tagged %s with %i lines for %s', (space, height, matrix) => {
    const color = { ...HDR, transfer: null, space }
    expect(planOf({ video: aPicture({ color, width: 1920, height }) }).video?.matrix).toBe(matrix)
  })

  test('deinterlaces by the parity of the source', () => {
    const deinterlace = (top_field_first: boolean) =>
      planOf({ video: aPicture({ interlaced: true, top_field_first }) }).video?.deinterlace
    expect([deinterlace(true), deinterlace(false), planOf({}).video?.deinterlace]).toEqual([
      'tff',
      'bff',
      null,
    ])
  })
})

describe('audio', () => {
  test('is planned for every track with a codec, always as stereo', () => {
    const audio = [
      aTrack({ stream_index: 1, channels: 1, default: false }),
      aTrack({ stream_index: 2, codec: null }),
      aTrack({ stream_index: 3, channels: 8, language: 'deu', default: true }),
      aTrack({ stream_index: 4, sample_rate: null, default: true }),
      aTrack({ stream_index: 5, codec: 'tta' }),
    ]
    const plan = planOf({ audio })
    expect(
      plan.audio.map((track) => [track.position, track.stream_index, track.channels, track.default]),
    ).toEqual([
      [0, 1, 2, false],
      [1, 3, 2, true],
    ])
    expect(plan.skipped.filter(({ kind }) => kind === 'audio').map(({ name, code }) => [name, code])).toEqual(
      [
        ['audio-stream-2', 'unknown_codec'],
        ['audio-stream-4', 'no_samples'],
        ['audio-stream-5', 'codec_not_accepted'],
      ],
    )
    expect(plan.warnings).toMatchObject([
      { code: 'audio_left_out', message: expect.stringContaining('stream 5 in tta (eng)') },
    ])
  })

  test('has exactly one default', () => {
    const defaults = (...flags: boolean[]) =>
      planOf({ audio: flags.map((flag) => aTrack({ default: flag })) }).audio.map((track) => track.default)
    expect(defaults(false, false)).toEqual([true, false])
    expect(defaults(true, true)).toEqual([true, false])
  })

  test("counts from the grid's origin, as an exact fraction", () => {
    const video = aPicture({ first_pts: 1001, time_base: [1, 30000], start_s: 1001 / 30000 })
    expect(planOf({ video, audio: [aTrack()] }).audio[0]?.origin).toEqual([1001, 30000])
    const negative = aPicture({ first_pts: -45_000, time_base: [1, 90_000], start_s: -0.5 })
    expect(planOf({ video: negative, audio: [aTrack()] }).audio[0]?.origin).toEqual([-1, 2])
  })

  test('alone counts from the first sound', () => {
    const audio = [aTrack({ start_s: 1.5 }), aTrack({ start_s: 1.25 })]
    expect(planOf({ video: null, audio }).audio.map(({ origin }) => origin)).toEqual([
      [5, 4],
      [5, 4],
    ])
  })
})

describe('subtitles', () => {
  const tracks = (codecs: (string | null)[], fields: Partial<typeof SUBTITLE> = {}) =>
    codecs.map((codec, index) => ({ ...SUBTITLE, ...fields, codec, stream_index: 5 + index }))

  test('of text are made, with the names of their tasks in order', () => {
    const { subtitles, kept } = planOf({ subtitles: tracks(['subrip', 'mov_text', 'ass', 'webvtt']) })
    expect(subtitles.map(({ position, stream_index }) => [position, stream_index])).toEqual([
      [0, 5],
      [1, 6],
      [2, 7],
      [3, 8],
    ])
    expect(kept.filter(({ code }) => code === 'subtitle_track').map(({ name }) => name)).toEqual([
      ...['subtitle-0', 'subtitle-1', 'subtitle-2', 'subtitle-3'],
    ])
  })

  test('of pictures, and those that nobody can read, are listed as skipped', () => {
    const { subtitles, skipped } = planOf({
      subtitles: tracks(['hdmv_pgs_subtitle', 'subrip', 'dvb_teletext', null]),
    })
    expect(subtitles.map(({ position, stream_index }) => [position, stream_index])).toEqual([[0, 6]])
    const listed = skipped.filter(({ kind }) => kind === 'subtitle').map(({ name, code }) => [name, code])
    expect(listed).toEqual([
      ['subtitle-stream-5', 'picture_subtitles'],
      ['subtitle-stream-7', 'unknown_codec'],
      ['subtitle-stream-8', 'unknown_codec'],
    ])
  })

  test('count from the origin of the pictures, or of the sound where there are none', () => {
    const subtitles = tracks(['subrip'])
    const late = aPicture({ first_pts: 15_360 * 2, start_s: 2 })
    expect(planOf({ video: late, subtitles }).subtitles[0]?.origin).toEqual([2, 1])
    const sound = { video: null, audio: [aTrack({ start_s: 1.25 })], subtitles }
    expect(planOf(sound).subtitles[0]?.origin).toEqual([5, 4])
  })

  test('have one default at most, and none that the file does not name', () => {
    const both = planOf({ subtitles: tracks(['subrip', 'subrip'], { default: true }) })
    expect(both.subtitles.map((track) => track.default)).toEqual([true, false])
    const neither = planOf({ subtitles: tracks(['subrip', 'subrip']) })
    expect(neither.subtitles.map((track) => track.default)).toEqual([false, false])
  })
})

test.each<[string, Partial<MediaInfo>, string[]]>([
  ['nothing odd', { audio: [aTrack()] }, []],
  ['undecodable sound', { audio: [aTrack({ codec: null })] }, ['audio_undecodable']],
  ['sound alone', { video: null, audio: [aTrack()] }, ['no_picture']],
  [
    '120 frames a second',
    { video: aPicture({ nominal_rate: [120, 1], average_rate: [120, 1] }) },
    ['frame_rate_reduced'],
  ],
  ['a variable rate', { video: aPicture({ average_rate: [17, 1] }) }, ['variable_frame_rate']],
  ['HDR', { video: aPicture({ color: HDR }) }, ['tone_mapped']],
  ['fields', { video: aPicture({ interlaced: true }) }, ['deinterlaced']],
  ['no duration', { video: aPicture({ duration_s: null }), duration_s: null }, ['no_duration']],
])('warns of %s', (_, media, codes) => {
  expect(planOf(media).warnings.map(({ code }) => code)).toEqual(codes)
})

test('refuses what has nothing to show or hear, and what claims to be endless', () => {
  expect(() => planOf({ video: null })).toThrow(
    expect.objectContaining({ name: 'PermanentError', code: 'no_video' }),
  )
  expect(() => planOf({ video: null, audio: [aTrack({ codec: null })] })).toThrow(
    expect.objectContaining({ code: 'no_video' }),
  )
  expect(() => planOf({ duration_s: 1e12 })).toThrow(
    expect.objectContaining({ name: 'PermanentError', code: 'too_long' }),
  )
})

describe('a plan by another profile', () => {
  const planBy = (name: string, media: Partial<MediaInfo>) =>
    makePlan({ media: aSource(media), build: 'b1', singleChunk: null, profile: profileNamed(name) })

  test.each([
    ['default', { codec: 'h264', preset: 'veryfast' }, 23, 5_000_000],
    ['hevc', { codec: 'hevc', preset: 'veryfast' }, 26, 3_500_000],
    ['av1', { codec: 'av1', preset: '8' }, 35, 3_000_000],
  ])('%s pins what the encoder needs', (name, encoder, crf, cap) => {
    const plan = planBy(name, { audio: [aTrack()] })
    expect(plan).toMatchObject({ profile: name, video: { encoder }, audio: [{ bitrate_bps: 128_000 }] })
    expect(plan.video?.rungs[0]).toMatchObject({ crf, max_bitrate_bps: cap, buffer_bits: 2 * cap })
    expect(planSchema.parse(plan)).toEqual(plan)
  })

  test('gives AV1, which cannot make every frame a key frame, two at least to a GOP', () => {
    const picture = aPicture({ nominal_rate: [1, 2], average_rate: [1, 2] })
    expect(planBy('default', { video: picture }).video).toMatchObject({ gop_frames: 1, segment_frames: 2 })
    const slow = planBy('av1', { video: picture })
    expect(slow.video).toMatchObject({ gop_frames: 2, segment_frames: 4 })
    expect(slow).toMatchObject({ segment_s: 8, target_duration_s: 8 })
  })

  test('makes no picture of a film when the profile has none, and says so', () => {
    const plan = planBy('audio', { audio: [aTrack({ start_s: 1.5 })] })
    expect(plan).toMatchObject({ video: null, single_chunk: null, audio: [{ origin: [3, 2] }] })
    expect(plan.kept.map(({ code }) => code)).toEqual(['audio_track'])
    expect(plan.skipped.map(({ kind, code }) => [kind, code])).toEqual([['video', 'not_in_profile']])
    expect(plan.warnings).toEqual([])
    expect(planSchema.parse(plan)).toEqual(plan)
  })

  test('warns of sound alone only where the source has no more', () => {
    const plan = planBy('audio', { video: null, audio: [aTrack()] })
    expect(plan.warnings.map(({ code }) => code)).toEqual(['no_picture'])
    expect(plan.skipped).toEqual([])
  })

  test('refuses a silent film where sound was asked for', () => {
    expect(() => planBy('audio', {})).toThrow(expect.objectContaining({ code: 'no_audio' }))
    expect(() => planBy('audio', { video: null })).toThrow(expect.objectContaining({ code: 'no_video' }))
  })
})
