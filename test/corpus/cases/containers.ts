import { makeMedia } from '../../../scripts/clips/make.ts'
import { about, type Case } from '../support/case.ts'
import { film, remuxed } from './sources.ts'

const plain = { status: 'completed', frames: 60, sameFrames: true } as const
const mpeg4 = ['-c:v', 'mpeg4', '-q:v', '4', '-pix_fmt', 'yuv420p']

/** Captions as SubRip, hostile ones too. */
async function captions(): Promise<string> {
  const { written } = await import('./bytes.ts')
  return written(
    'captions.srt',
    '1\n00:00:00,500 --> 00:00:01,500\nHello & <b>welcome</b>\n\n2\n00:00:01,600 --> 00:00:01,900\n→ größer\n',
  )
}

async function captioned(name: string, codec: string, extension: string): Promise<string> {
  return makeMedia({
    name: `corpus-${name}`,
    extension,
    args: [
      ...['-i', await film({ name: 'to-caption' }), '-i', await captions(), '-map', '0', '-map', '1'],
      ...['-c', 'copy', '-c:s', codec, '-metadata:s:s:0', 'language=eng'],
    ],
  })
}

/** What files come in. */
export const containerCases: Case[] = [
  {
    name: 'MKV without cues',
    make: () => film({ name: 'no-cues', extension: 'mkv', more: ['-live', '1'] }),
    wants: plain,
  },
  {
    name: 'MP4 in fragments',
    make: () => film({ name: 'fragmented', more: ['-movflags', '+frag_keyframe+empty_moov'] }),
    wants: { ...plain, frames: 61 },
  },
  {
    name: 'MP4 with its index at the end',
    make: () => film({ name: 'index-last' }),
    wants: plain,
  },
  { name: 'MPEG-TS', make: () => film({ name: 'transport', extension: 'ts' }), wants: plain },
  {
    name: 'MPEG-2 in a program stream',
    make: () =>
      film({
        name: 'program',
        extension: 'mpg',
        encoder: ['-c:v', 'mpeg2video', '-q:v', '4', '-bf', '2', '-pix_fmt', 'yuv420p'],
        rate: '25',
        sound: false,
      }),
    wants: { status: 'completed', frames: 50 },
  },
  {
    name: 'AVI with MJPEG',
    make: () =>
      film({
        name: 'mjpeg',
        extension: 'avi',
        encoder: ['-c:v', 'mjpeg', '-q:v', '4', '-pix_fmt', 'yuvj420p'],
      }),
    wants: plain,
  },
  {
    name: 'AVI with MPEG-4 and B-frames',
    make: () => film({ name: 'asp', extension: 'avi', encoder: [...mpeg4, '-bf', '2'] }),
    wants: { status: 'completed', frames: about(60, 1), sameFrames: true },
  },
  {
    name: 'FLV',
    make: () =>
      film({
        name: 'flash',
        extension: 'flv',
        encoder: ['-c:v', 'flv', '-q:v', '4'],
        more: ['-ar', '44100'],
      }),
    wants: { status: 'completed', frames: about(60, 1) },
  },
  {
    name: 'WebM with VP9 and Opus',
    make: () =>
      film({
        name: 'webm',
        extension: 'webm',
        encoder: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p'],
        more: ['-c:a', 'libopus'],
      }),
    wants: plain,
  },
  {
    name: 'ProRes in MOV with PCM',
    make: () =>
      film({
        name: 'prores',
        extension: 'mov',
        encoder: ['-c:v', 'prores_ks', '-profile:v', '1', '-pix_fmt', 'yuv422p10le'],
        more: ['-c:a', 'pcm_s16le'],
      }),
    wants: { ...plain, pixelFormat: 'yuv420p' },
  },
  {
    name: 'GIF',
    make: () => film({ name: 'gif', extension: 'gif', rate: '10', encoder: ['-c:v', 'gif'], sound: false }),
    wants: { status: 'completed', frames: 20, single: 'not_seekable' },
  },
  {
    name: 'open GOP with a B-pyramid',
    make: () =>
      film({
        name: 'open-gop',
        seconds: 14,
        encoder: [
          ...['-c:v', 'libx264', '-preset', 'fast', '-pix_fmt', 'yuv420p', '-g', '48', '-bf', '3'],
          ...['-x264-params', 'open-gop=1:b-pyramid=normal'],
        ],
        extension: 'mkv',
      }),
    wants: { status: 'completed', frames: 420, sameFrames: true },
  },
  {
    name: 'an edit list that hides the first second',
    make: () => makeEdited(),
    wants: { status: 'completed', frames: about(60, 1), sameFrames: true },
  },
  {
    name: 'HEVC in MP4',
    make: () =>
      film({
        name: 'hevc',
        encoder: [
          ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
          ...['-tag:v', 'hvc1', '-pix_fmt', 'yuv420p'],
        ],
      }),
    wants: plain,
  },
  {
    name: 'AV1 in MP4',
    make: () => film({ name: 'av1', encoder: ['-c:v', 'libsvtav1', '-preset', '12', '-pix_fmt', 'yuv420p'] }),
    wants: plain,
  },
  {
    name: 'captions as mov_text',
    make: () => captioned('mov-text', 'mov_text', 'mp4'),
    wants: { status: 'completed', subtitles: 'eng', skipped: '' },
  },
  {
    name: 'captions as SubRip in MKV',
    make: () => captioned('subrip', 'srt', 'mkv'),
    wants: { status: 'completed', subtitles: 'eng', skipped: '' },
  },
  {
    name: 'captions as pictures',
    make: async () => captioned('pictures', 'dvd_subtitle', 'mkv'),
    wants: { status: 'completed', subtitles: '', skipped: 'picture_subtitles' },
  },
  {
    name: 'a title with markup, RTL text, emoji and a line end',
    make: async () =>
      remuxed('title', film({ name: 'untitled' }), [
        '-metadata',
        'title=<script>alert(1)</script>\n\u202Eשלום 🎬',
      ]),
    wants: { status: 'completed', title: '<script>alert(1)</script> \u202Eשלום 🎬' },
  },
]

/** Cut by copying: the packets before the wanted start stay in the file and are hidden by an edit list. */
async function makeEdited(): Promise<string> {
  return makeMedia({
    name: 'corpus-edited',
    extension: 'mp4',
    args: ['-ss', '1', '-i', await film({ name: 'to-edit', seconds: 3 }), '-map', '0', '-c', 'copy'],
  })
}
