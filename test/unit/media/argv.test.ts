import { describe, expect, test } from 'vitest'
import { audioArgs } from '../../../src/media/argv/audio-args.ts'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { remuxArgs } from '../../../src/media/argv/remux-args.ts'
import { type VideoRun, videoArgs } from '../../../src/media/argv/video-args.ts'
import type { MediaInfo, Plan } from '../../../src/media/model.ts'
import { makePlan } from '../../../src/media/plan/make-plan.ts'
import { aPicture, aSource, aTrack, planPicture } from '../../support/a-source.ts'
import { profileNamed } from '../../support/profiles.ts'

const SOURCE = { url: 'http://store:9000/videos/source/1?X-Amz-Signature=00', etag: 'abc-1' }
const INPUT = httpInput(SOURCE)

const planOf = (media: Partial<MediaInfo>): Plan =>
  makePlan({ media: aSource(media), build: 'b1', singleChunk: null, profile: profileNamed('default') })

function argsOf(run: Partial<VideoRun> = {}): string[] {
  const plan = run.plan ?? planPicture()
  return videoArgs({
    plan,
    firstFrame: 0,
    frames: 120,
    preroll_s: 2,
    threads: 1,
    input: INPUT,
    progressFd: 10,
    ...run,
  })
}

const tokenAfter = (args: readonly string[], option: string): string | undefined =>
  args[args.indexOf(option) + 1]
const graphOf = (run: Partial<VideoRun> = {}): string => tokenAfter(argsOf(run), '-filter_complex') ?? ''

describe('a video run', () => {
  test('from the first frame seeks nowhere, repeats frame 0 back to the origin and lists no packets', () => {
    const args = argsOf()
    expect(args).not.toContain('-ss')
    expect(args).not.toContain('framecrc')
    expect(graphOf()).toContain(
      'fps=fps=30/1:round=near:start_time=0,trim=start_pts=0:end_pts=120,setpts=PTS-0,',
    )
  })

  test('seeks to its pre-roll, keeps all frames from there, and does not mask a missing head', () => {
    const args = argsOf({ firstFrame: 300 })
    expect(args.indexOf('-ss')).toBeLessThan(args.indexOf('-i'))
    expect(tokenAfter(args, '-ss')).toBe('8.000000')
    expect(args).toEqual(expect.arrayContaining(['-noaccurate_seek', '-seek_timestamp']))
    expect(graphOf({ firstFrame: 300 })).toContain(
      'round=near,trim=start_pts=300:end_pts=420,setpts=PTS-300,',
    )
  })

  test("seeks on the source's own clock", () => {
    const plan = planPicture({ first_pts: 36000 * 15360, start_s: 36000 })
    expect(tokenAfter(argsOf({ plan, firstFrame: 300 }), '-ss')).toBe('36008.000000')
  })

  test('leaves a seek out that would go before the start', () => {
    expect(argsOf({ firstFrame: 60 })).not.toContain('-ss')
    expect(argsOf({ firstFrame: 300, preroll_s: 20 })).not.toContain('-ss')
    expect(argsOf({ firstFrame: 300, preroll_s: 'from_start' })).not.toContain('-ss')
  })

  test('lists the packets of its head on the progress pipe, and no further', () => {
    const args = argsOf({ firstFrame: 300, preroll_s: 'from_start' })
    expect(args.slice(args.indexOf('copy'))).toEqual([
      'copy',
      '-t',
      '10.000000',
      '-flush_packets',
      '1',
      '-f',
      'framecrc',
      'pipe:10',
      '-progress',
      'pipe:10',
      '-stats_period',
      '0.5',
      '-nostats',
    ])
    const wrapped = planPicture({ first_pts: -3600 * 15360, start_s: -3600 })
    expect(tokenAfter(argsOf({ plan: wrapped, firstFrame: 300 }), '-t')).toBe('1.000000')
  })

  test('with an open end is bounded by twelve hours', () => {
    expect(graphOf({ frames: null })).toContain(`trim=start_pts=0:end_pts=${12 * 3600 * 30},`)
  })

  test('writes the rungs in order, each with its own cap, threads and pipe', () => {
    const args = argsOf({ threads: 2 })
    const pipes = args.filter((token) => /^pipe:/.test(token))
    expect(pipes).toEqual(Array.from({ length: 6 + 2 }, (_, index) => `pipe:${3 + index}`))
    expect(args.filter((token) => token === '-threads')).toHaveLength(1 + 6 + 1)
    expect(args.flatMap((token, index) => (token === '-maxrate' ? [args[index + 1]] : []))).toEqual(
      planPicture().rungs.map((rung) => String(rung.max_bitrate_bps)),
    )
  })

  test('scales each rung from the one above', () => {
    expect(graphOf({ plan: planPicture({ width: 640, height: 360 }) })).toBe(
      '[0:0]scale=640:360:flags=bicubic,setpts=PTS-(0),fps=fps=30/1:round=near:start_time=0,trim=start_pts=0:end_pts=120,setpts=PTS-0,' +
        'scale=640:360:flags=bicubic:in_color_matrix=smpte170m:out_color_matrix=smpte170m,format=yuv420p,' +
        'colormatrix=smpte170m:bt709,' +
        'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,' +
        'setsar=1,split[v0][c0];' +
        '[c0]scale=426:240:flags=bicubic,setsar=1,format=yuv420p,split[v1][c1];' +
        '[c1]scale=256:144:flags=bicubic,setsar=1,format=yuv420p,split[v2][c2];' +
        "[c2]select='eq(n,0)+not(mod(pts+0,60))'," +
        'scale=160:90:flags=bicubic:in_color_matrix=bt709:out_color_matrix=smpte170m:out_range=pc,format=yuv420p[p]',
    )
  })

  test('takes pictures where they lie on the grid, whatever its first frame', () => {
    const plan = planPicture({ duration_s: 2400 })
    expect(graphOf({ plan, firstFrame: 900 })).toContain(
      "select='eq(n,0)+not(mod(pts+900,120))',scale=160:90",
    )
  })

  test('without pictures has neither their output nor a branch for them', () => {
    const plan = { ...planPicture(), pictures: null }
    expect(graphOf({ plan })).toMatch(/yuv420p\[v5\]$/)
    expect(argsOf({ plan })).not.toContain('image2pipe')
  })

  test.each([
    [0, ''],
    [90, 'transpose=clock,'],
    [180, 'hflip,vflip,'],
    [270, 'transpose=cclock,'],
  ] as const)('turns by %i degrees before the grid', (rotation, filter) => {
    expect(graphOf({ plan: planPicture({ rotation }) })).toContain(`flags=bicubic,${filter}setpts=`)
  })

  test('deinterlaces before it turns, and restores the time base', () => {
    const plan = planPicture({ interlaced: true, top_field_first: true, rotation: 90, time_base: [1, 90000] })
    expect(graphOf({ plan })).toContain(
      'bwdif=mode=send_frame:parity=tff:deint=all,settb=1/90000,transpose=clock,setpts=',
    )
  })

  test('maps HDR after the trim and before the split, at the size of the top rung', () => {
    const color = {
      range: 'tv',
      space: 'bt2020nc',
      transfer: 'smpte2084',
      primaries: 'bt2020',
      max_cll: 1000,
    }
    expect(graphOf({ plan: planPicture({ color }) })).toMatch(
      /setpts=PTS-0,zscale=w=1920:h=1080:.*tin=smpte2084.*peak=4\.9261.*split\[v0\]/,
    )
  })

  test('brings full range down once', () => {
    const graph = graphOf({ plan: planPicture({ pixel_format: 'yuvj420p' }) })
    expect(graph.match(/in_range=pc:out_range=tv/g)).toHaveLength(1)
  })
})

describe('an audio run', () => {
  test('counts in the units of the filter graph and is bounded by twelve hours', () => {
    const [plan] = planOf({
      video: aPicture({ first_pts: 1024 }),
      audio: [aTrack({ stream_index: 4, start_s: 0.1 })],
    }).audio
    if (!plan) throw new Error('there is sound')
    const { args, source } = audioArgs({ plan, input: INPUT, progressFd: 4 })
    expect(source).toBeNull()
    expect(tokenAfter(args, '-af')).toBe(
      'asetpts=PTS-round((1/15)/TB),aresample=48000:async=1:first_pts=0:min_hard_comp=0.100',
    )
    expect(tokenAfter(args, '-map')).toBe('0:4')
    expect(tokenAfter(args, '-t')).toBe('43200')
    expect(args.indexOf('-vn')).toBeLessThan(args.indexOf('-i'))
  })

  test('of a sound that may change decodes in a process of its own, whose output is all that the other reads', () => {
    const [plan] = planOf({ format: 'mpegts', audio: [aTrack({ codec: 'ac3', stream_index: 4 })] }).audio
    if (!plan) throw new Error('there is sound')
    const { args, source } = audioArgs({ plan, input: INPUT, progressFd: 4 })
    expect(source).toEqual(expect.arrayContaining([...INPUT, '-map', '0:4', 'nut', 'pipe:3']))
    expect(args.filter((token) => token === '-i')).toHaveLength(1)
    expect(args.slice(args.indexOf('-i') - 6, args.indexOf('-i') + 2)).toEqual([
      ...['-format_whitelist', 'nut', '-protocol_whitelist', 'pipe', '-codec_whitelist', 'pcm_f32le'],
      ...['-i', 'pipe:5'],
    ])
    expect(tokenAfter(args, '-t')).toBe('43200')
  })

  test.each([
    ['mov,mp4,m4a,3gp,3g2,mj2', 'aac', 'steady'],
    ['matroska,webm', 'opus', 'steady'],
    ['matroska,webm', 'ac3', 'changing'],
    ['mov,mp4,m4a,3gp,3g2,mj2', 'mp3', 'changing'],
    ['avi', 'pcm_s16le', 'steady'],
    ['mpegts', 'aac', 'changing'],
    ['flv', 'aac', 'changing'],
    ['ogg', 'vorbis', 'changing'],
    ['aac', 'aac', 'untimed'],
    ['mp3', 'mp3', 'untimed'],
  ])('knows that in %s a sound in %s is %s', (format, codec, stability) => {
    expect(planOf({ format, audio: [aTrack({ codec })] }).audio[0]?.stability).toBe(stability)
  })
})

describe('a remux', () => {
  const audio = [
    { language: 'eng', default: true },
    { language: '-y', default: false },
  ]

  test('reads pipes alone, each behind its whitelists', () => {
    const args = remuxArgs({ video: true, audio, output: '/scratch/x.mp4' })
    expect(args.filter((token) => token === '-i')).toHaveLength(3)
    for (const [index, token] of args.entries()) {
      if (token !== '-i') continue
      expect(args.slice(index - 6, index).filter((_, at) => at % 2 === 0)).toEqual([
        '-format_whitelist',
        '-protocol_whitelist',
        '-codec_whitelist',
      ])
      expect(args[index + 1]).toMatch(/^pipe:[4-6]$/)
    }
    expect(args).toContain('file:/scratch/x.mp4')
  })

  test('names only languages that are codes', () => {
    const args = remuxArgs({ video: true, audio, output: '/scratch/x.mp4' })
    expect(args.filter((token) => token.startsWith('language='))).toEqual(['language=eng'])
    expect(tokenAfter(args, '-disposition:a:0')).toBe('default')
    expect(tokenAfter(args, '-disposition:a:1')).toBe('0')
  })

  test.each(['x.mp4', '-y', 'concat:/a', '/a\nb'])('refuses to write to %j', (output) => {
    expect(() => remuxArgs({ video: true, audio, output })).toThrow(
      expect.objectContaining({ code: 'bad_scratch_path' }),
    )
  })
})
