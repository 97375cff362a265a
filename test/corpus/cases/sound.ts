import { makeMedia } from '../../../scripts/clips/make.ts'
import { about, type Case } from '../support/case.ts'
import { concatenated, recoded } from './bytes.ts'
import { film } from './sources.ts'

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

/** Two frames of AAC and a little: what a coder puts before and behind. */
const codedS = 0.06

/** Tracks and their lengths. */
export const soundCases: Case[] = [
  {
    name: 'sound only',
    make: () => tone('sound-only', ['sine=frequency=440:duration=5', '-c:a', 'aac']),
    wants: {
      status: 'completed',
      rungs: '',
      sound: '-',
      soundLength: about(5, codedS),
      warnings: 'no_picture',
    },
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
    wants: { status: 'completed', sound: 'eng deu', soundLength: about(3, codedS) },
  },
  {
    name: '7.1',
    make: () =>
      withSound(
        'seven',
        'anoisesrc=duration=3:amplitude=0.1,aformat=channel_layouts=mono,pan=7.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0',
      ),
    wants: { status: 'completed', soundLength: about(3, codedS) },
  },
  {
    // A frame of AAC lasts 128 ms at this rate.
    name: '8 kHz mono',
    make: () => withSound('narrow', 'sine=frequency=440:sample_rate=8000:duration=3', ['-ar', '8000']),
    wants: { status: 'completed', soundLength: about(3, 0.13) },
  },
  {
    name: 'sound longer than the picture',
    make: () => withSound('longer', 'sine=frequency=440:duration=6'),
    wants: { status: 'completed', frames: 90, soundLength: about(6, codedS) },
  },
  {
    name: 'sound shorter than the picture',
    make: () => withSound('shorter', 'sine=frequency=440:duration=1'),
    wants: { status: 'completed', frames: 90, soundLength: about(1, codedS) },
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
]
