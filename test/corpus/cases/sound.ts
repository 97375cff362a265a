import { makeMedia } from '../../../scripts/clips/make.ts'
import { about, type Case } from '../support/case.ts'
import { concatenated, recoded } from './bytes.ts'
import { film, remuxed, syncFilm } from './sources.ts'

const tone = (name: string, args: readonly string[], extension = 'm4a') =>
  makeMedia({ name: `corpus-${name}`, extension, args: ['-f', 'lavfi', '-i', ...args] })

/** Films with sounds of their own. */
const withSound = (name: string, source: string, more: readonly string[] = [], extension = 'mp4') =>
  makeMedia({
    name: `corpus-${name}`,
    extension,
    args: [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30:duration=3', '-f', 'lavfi', '-i', source],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', ...more],
    ],
  })

const inSync = { status: 'completed', offset: about(0, 20), lastOffset: about(0, 20) } as const

/** Tracks, their offsets and lengths. */
export const soundCases: Case[] = [
  { name: 'in sync', make: () => syncFilm({ name: 'sync' }), wants: inSync },
  {
    name: 'in sync at 29.97 over several chunks',
    make: () => syncFilm({ name: 'sync-2997', rate: '30000/1001', seconds: 40 }),
    wants: { ...inSync, frames: about(1199, 1) },
  },
  {
    name: 'sound starts 0.3 s late',
    make: () => syncFilm({ name: 'late', delayS: 0.3 }),
    wants: { status: 'completed', offset: about(300, 20) },
  },
  {
    name: 'sound starts 0.3 s early',
    make: () => syncFilm({ name: 'early', delayS: -0.3 }),
    wants: { status: 'completed', offset: about(-300, 20) },
  },
  ...(['mkv', 'ts', 'mov'] as const).map(
    (extension): Case => ({
      name: `in sync in ${extension}`,
      make: () => syncFilm({ name: `sync-${extension}`, extension }),
      wants: inSync,
    }),
  ),
  {
    name: 'sound only',
    make: () => tone('sound-only', ['sine=frequency=440:duration=5', '-c:a', 'aac']),
    wants: {
      status: 'completed',
      rungs: '',
      sound: '-',
      soundLength: about(5, 0.05),
      warnings: 'no_picture',
    },
  },
  {
    name: 'sound only, MP3 with a cover',
    make: async () => {
      const cover = await makeMedia({
        name: 'corpus-cover',
        extension: 'jpg',
        args: ['-f', 'lavfi', '-i', 'testsrc2=size=320x320', '-frames:v', '1'],
      })
      return makeMedia({
        name: 'corpus-mp3',
        extension: 'mp3',
        args: [
          ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=5', '-i', cover, '-map', '0', '-map', '1'],
          ...['-c:a', 'libmp3lame', '-c:v', 'copy', '-disposition:v:0', 'attached_pic'],
        ],
      })
    },
    wants: { status: 'completed', rungs: '', sound: '-', soundLength: about(5, 0.1) },
  },
  {
    name: 'picture only',
    make: () => film({ name: 'silent', sound: false }),
    wants: { status: 'completed', sound: '', frames: 60 },
  },
  {
    name: 'two languages',
    make: () =>
      makeMedia({
        name: 'corpus-languages',
        extension: 'mp4',
        args: [
          ...[
            '-f',
            'lavfi',
            '-i',
            'testsrc2=size=320x180:rate=30',
            '-f',
            'lavfi',
            '-i',
            'sine=frequency=440',
          ],
          ...['-f', 'lavfi', '-i', 'sine=frequency=880', '-map', '0', '-map', '1', '-map', '2', '-t', '3'],
          ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
          ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
        ],
      }),
    wants: { status: 'completed', sound: 'eng deu', soundLength: about(3, 0.05) },
  },
  {
    name: '7.1',
    make: () =>
      withSound(
        'seven',
        'anoisesrc=duration=3:amplitude=0.1,aformat=channel_layouts=mono,pan=7.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0',
      ),
    wants: { status: 'completed', soundLength: about(3, 0.05) },
  },
  {
    name: '8 kHz mono',
    make: () => withSound('narrow', 'sine=frequency=440:sample_rate=8000:duration=3', ['-ar', '8000']),
    wants: { status: 'completed', soundLength: about(3, 0.1) },
  },
  {
    name: 'sound longer than the picture',
    make: () => withSound('longer', 'sine=frequency=440:duration=6'),
    wants: { status: 'completed', frames: 90, soundLength: about(6, 0.05) },
  },
  {
    name: 'sound shorter than the picture',
    make: () => withSound('shorter', 'sine=frequency=440:duration=1'),
    wants: { status: 'completed', frames: 90, soundLength: about(1, 0.05) },
  },
  {
    name: 'sound that changes its rate in the middle',
    make: async () => {
      const part = (name: string, rate: string, channels: string) =>
        tone(
          name,
          ['sine=frequency=440:duration=3', '-ar', rate, '-ac', channels, '-c:a', 'aac', '-f', 'adts'],
          'aac',
        )
      return concatenated('rate-change.aac', [
        await part('part-44', '44100', '2'),
        await part('part-22', '22050', '1'),
      ])
    },
    // Three seconds twice, each with the priming and the filled last frame of its encoder.
    wants: { status: 'completed', soundLength: about(6.14, 0.02) },
  },
  ...(['aac', 'ac3'] as const).map(
    (codec): Case => ({
      name: `a film whose ${codec} changes its rate and layout in the middle`,
      make: async () => {
        const part = (n: number, rate: string, channels: string) =>
          syncFilm({
            name: `part-${n}-${codec}`,
            seconds: 3,
            extension: 'ts',
            audio: ['-c:a', codec, '-ar', rate, '-ac', channels],
            more: ['-output_ts_offset', String(3 * n)],
          })
        return concatenated(`change-${codec}.ts`, [
          await part(0, '48000', '2'),
          await part(1, codec === 'aac' ? '22050' : '44100', '1'),
        ])
      },
      wants: { ...inSync, frames: about(180, 1), soundLength: about(6, 0.1) },
    }),
  ),
  {
    name: 'a sound track that no decoder knows',
    make: async () => {
      const renamed = recoded('renamed.mp4', await film({ name: 'to-apac' }), 'mp4a', 'apac')
      // Which says that it is AAC, whatever the entry is called.
      return recoded('apac.mp4', renamed, 'esds', 'xsds')
    },
    wants: {
      status: 'completed',
      frames: 60,
      sound: '',
      skipped: 'unknown_codec',
      warnings: 'audio_undecodable',
    },
  },
  {
    name: 'a second sound whose codec is not accepted',
    make: () =>
      makeMedia({
        name: 'corpus-tta',
        extension: 'mkv',
        args: [
          ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30'],
          ...['-f', 'lavfi', '-i', 'sine=frequency=440'],
          ...['-map', '0', '-map', '1', '-map', '1', '-t', '2', '-c:v', 'libx264', '-preset', 'ultrafast'],
          ...['-pix_fmt', 'yuv420p', '-c:a:0', 'aac', '-c:a:1', 'tta'],
          ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
        ],
      }),
    wants: {
      status: 'completed',
      frames: 60,
      sound: 'eng',
      skipped: 'codec_not_accepted',
      warnings: 'audio_left_out',
    },
  },
  {
    name: 'a cover before the film',
    make: async () => {
      const cover = await makeMedia({
        name: 'corpus-cover',
        extension: 'jpg',
        args: ['-f', 'lavfi', '-i', 'testsrc2=size=320x320', '-frames:v', '1'],
      })
      return makeMedia({
        name: 'corpus-cover-first',
        extension: 'mp4',
        args: [
          ...['-i', cover, '-i', await film({ name: 'covered' }), '-map', '0', '-map', '1', '-c', 'copy'],
          ...['-disposition:v:0', 'attached_pic', '-disposition:v:1', 'default'],
        ],
      })
    },
    wants: { status: 'completed', size: '320x180', frames: 60 },
  },
  {
    name: 'a picture track that starts at ten hours',
    make: () => remuxed('ten-hours', syncFilm({ name: 'sync' }), ['-output_ts_offset', '36000'], 'ts'),
    wants: { ...inSync, frames: 120 },
  },
]
