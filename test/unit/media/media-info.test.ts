import { describe, expect, test } from 'vitest'
import { mediaInfoSchema } from '../../../src/media/model.ts'
import { toMediaInfo } from '../../../src/media/probe/media-info.ts'
import { PROBE_ENTRIES, probeSchema } from '../../../src/media/probe/probe-schema.ts'

const FILM = {
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  width: 640,
  height: 360,
  time_base: '1/15360',
}
const SOUND = { index: 1, codec_type: 'audio', codec_name: 'aac', sample_rate: '48000', channels: 2 }
const FORMAT = { format_name: 'mov,mp4', nb_streams: 2 }

function infoOf(streams: object[], more: { frames?: object[]; format?: object } = {}) {
  const probe = { format: { ...FORMAT, ...more.format }, streams, frames: more.frames ?? [] }
  const info = toMediaInfo(probeSchema.parse(JSON.parse(JSON.stringify(probe))), 1000)
  expect(mediaInfoSchema.parse(info)).toEqual(info)
  return info
}

const filmOf = (stream: object, frames: object[] = []) => infoOf([{ ...FILM, ...stream }], { frames }).video

describe('the film', () => {
  test('starts at its first shown picture, not at its first packet', () => {
    const frames = [
      { stream_index: 1, pts: 0 },
      { stream_index: 0, best_effort_timestamp: 1024 },
      { stream_index: 0, pts: 1536 },
    ]
    expect(filmOf({ start_pts: 0 }, frames)?.first_pts).toBe(1024)
    expect(filmOf({ start_pts: 77 })?.first_pts).toBe(77)
    expect(filmOf({})?.first_pts).toBe(0)
  })

  test.each([
    [-90, 90],
    [90, 270],
    [180, 180],
    [-180, 180],
    [-270, 270],
    [0, 0],
    [-89.6, 90],
    [30, 0],
  ])('that ffprobe calls turned by %i is to be turned by %i clockwise', (rotation, expected) => {
    expect(filmOf({ side_data_list: [{ side_data_type: 'Display Matrix', rotation }] })?.rotation).toBe(
      expected,
    )
  })

  test('is interlaced if most of its pictures say so, whatever the header says', () => {
    const fields = (flags: number[], field_order: string) =>
      filmOf(
        { field_order },
        flags.map((flag) => ({ stream_index: 0, pts: 0, interlaced_frame: flag, top_field_first: 0 })),
      )
    expect(fields([1, 1, 0], 'progressive')).toMatchObject({ interlaced: true, top_field_first: false })
    expect(fields([0, 0, 1], 'tt')).toMatchObject({ interlaced: false })
    expect(fields([], 'tb')).toMatchObject({ interlaced: true, top_field_first: true })
    expect(fields([], 'progressive')).toMatchObject({ interlaced: false })
  })

  test('has its light level from a frame', () => {
    const frames = [
      {
        stream_index: 0,
        pts: 0,
        side_data_list: [
          { side_data_type: 'Content light level metadata', max_content: 1200, max_average: 400 },
        ],
      },
    ]
    expect(filmOf({ color_transfer: 'smpte2084' }, frames)?.color).toMatchObject({
      transfer: 'smpte2084',
      max_cll: 1200,
    })
  })

  test.each([
    ['an attached picture', { disposition: { attached_pic: 1 } }],
    ['thumbnails', { disposition: { timed_thumbnails: 1 } }],
    ['a PNG', { codec_name: 'png' }],
  ])('is not %s before it', (_, cover) => {
    expect(
      infoOf([
        { ...FILM, ...cover },
        { ...FILM, index: 3 },
      ]).video?.stream_index,
    ).toBe(3)
    expect(infoOf([{ ...FILM, ...cover }, SOUND]).video).toBeNull()
  })

  test('is the default one of two', () => {
    expect(infoOf([FILM, { ...FILM, index: 3, disposition: { default: 1 } }]).video?.stream_index).toBe(3)
  })

  test('has no rate, aspect or duration where ffprobe says 0/0 or N/A', () => {
    const unknown = { avg_frame_rate: '0/0', sample_aspect_ratio: '0:1', duration: 'N/A', bit_rate: 'N/A' }
    expect(filmOf(unknown)).toMatchObject({
      average_rate: null,
      pixel_aspect: [1, 1],
      duration_s: null,
      bitrate_bps: null,
    })
    expect(filmOf({ duration: '0.000000' })?.duration_s).toBeNull()
    expect(filmOf({ sample_aspect_ratio: '64:45' })?.pixel_aspect).toEqual([64, 45])
  })
})

test('titles and languages are one line of bounded length that jsonb takes', () => {
  const title = `a\0b\n<script>\u0085${'😀'.repeat(400)}`
  const info = infoOf([
    FILM,
    { ...SOUND, tags: { language: 'UND', title } },
    { ...SOUND, index: 2, tags: { language: `DE\0${'x'.repeat(99)}` } },
  ])
  const [first, second] = info.audio
  expect(first?.title).toBe(`a b <script> ${'😀'.repeat(286)}…`)
  expect(first?.language).toBeNull()
  expect(second?.language).toHaveLength(35)
  expect(infoOf([FILM], { format: { tags: { title: 'x\ud83d' } } }).title).toBe('x\ufffd')
  expect(infoOf([FILM], { format: { tags: { title: ' \0 ' } } }).title).toBeNull()
})

test('sound without a codec and subtitles are listed, data is not', () => {
  const info = infoOf([
    FILM,
    { ...SOUND, codec_name: 'none' },
    { index: 2, codec_type: 'data' },
    { index: 3, codec_type: 'subtitle', codec_name: 'subrip', disposition: { forced: 1 } },
  ])
  expect(info.audio).toMatchObject([{ stream_index: 1, codec: null }])
  expect(info.subtitles).toMatchObject([{ stream_index: 3, codec: 'subrip', forced: true }])
})

test.each<[string, string, object[], object]>([
  ['no streams', 'no_video', [], {}],
  ['only data', 'no_video', [{ index: 0, codec_type: 'data' }], {}],
  ['a picture of no size', 'no_video', [{ ...FILM, width: 0, height: 0 }], {}],
  ['only undecodable sound', 'no_video', [{ ...SOUND, codec_name: 'unknown' }], {}],
  ['only sound that is not accepted', 'unsupported_codec', [{ ...SOUND, codec_name: 'tta' }], {}],
  ['32k × 32k', 'too_large_picture', [{ ...FILM, width: 32768, height: 32768 }], {}],
  ['33 streams', 'too_many_streams', [FILM], { nb_streams: 33 }],
])('refuses %s as %s', (_, code, streams, format) => {
  expect(() => infoOf(streams, { format })).toThrow(expect.objectContaining({ name: 'PermanentError', code }))
})

test('what is asked of ffprobe names every field that is read', () => {
  expect(PROBE_ENTRIES).toContain('stream=index,codec_type,codec_name,profile,width,height,')
  expect(PROBE_ENTRIES).toContain(':stream_disposition=default,attached_pic,timed_thumbnails,forced:')
  expect(PROBE_ENTRIES).toContain(
    ':frame=stream_index,pts,best_effort_timestamp,interlaced_frame,top_field_first:',
  )
})
