import { makeMedia } from '../../../scripts/clips/make.ts'
import type { Case } from '../support/case.ts'
import { film } from './sources.ts'

const plain = { status: 'completed', frames: 60, asSource: true } as const
const asDecoded = { status: 'completed', asSource: true } as const
const mpeg4 = ['-c:v', 'mpeg4', '-q:v', '4', '-pix_fmt', 'yuv420p']

/** What files come in. */
export const containerCases: Case[] = [
  {
    name: 'MKV without cues',
    make: () => film({ name: 'no-cues', extension: 'mkv', more: ['-live', '1'] }),
    wants: plain,
  },
  {
    // ffmpeg puts its second frame later than it should be, and the first is shown longer.
    name: 'MP4 in fragments',
    make: () => film({ name: 'fragmented', more: ['-movflags', '+frag_keyframe+empty_moov'] }),
    wants: { status: 'completed', frames: 61, inOrder: true },
  },
  {
    name: 'MP4 with its index at the end',
    make: () => film({ name: 'index-last' }),
    wants: plain,
  },
  { name: 'MPEG-TS', make: () => film({ name: 'transport', extension: 'ts' }), wants: plain },
  {
    name: 'MPEG-TS with key frames every 7 s, over several chunks',
    make: () =>
      film({
        name: 'rare-keys',
        extension: 'ts',
        seconds: 36,
        encoder: ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '210'],
      }),
    wants: { ...plain, frames: 1080, chunks: 4 },
  },
  {
    name: 'MPEG-2 in MPEG-TS',
    make: () =>
      film({
        name: 'mpeg2-ts',
        extension: 'ts',
        rate: '25',
        encoder: ['-c:v', 'mpeg2video', '-q:v', '4', '-bf', '2', '-pix_fmt', 'yuv420p'],
        more: ['-c:a', 'mp2'],
      }),
    wants: { ...plain, frames: 50 },
  },
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
    wants: { ...plain, frames: 50 },
  },
  {
    // So with AVI, where the encoder leaves an empty frame.
    name: 'AVI with MJPEG',
    make: () =>
      film({
        name: 'mjpeg',
        extension: 'avi',
        encoder: ['-c:v', 'mjpeg', '-q:v', '4', '-pix_fmt', 'yuvj420p'],
      }),
    wants: { status: 'completed', frames: 61, inOrder: true },
  },
  {
    name: 'AVI with MPEG-4 and B-frames',
    make: () => film({ name: 'asp', extension: 'avi', encoder: [...mpeg4, '-bf', '2'] }),
    wants: asDecoded,
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
    wants: asDecoded,
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
    name: 'WebM with VP8 and Vorbis',
    make: () =>
      film({
        name: 'webm-vp8',
        extension: 'webm',
        encoder: [
          '-c:v',
          'libvpx',
          '-deadline',
          'realtime',
          '-cpu-used',
          '8',
          '-b:v',
          '1M',
          '-pix_fmt',
          'yuv420p',
        ],
        more: ['-c:a', 'libvorbis'],
      }),
    wants: plain,
  },
  {
    name: 'Ogg with Theora and Vorbis',
    make: () =>
      film({
        name: 'theora',
        extension: 'ogv',
        encoder: ['-c:v', 'libtheora', '-q:v', '7', '-pix_fmt', 'yuv420p'],
        more: ['-c:a', 'libvorbis'],
      }),
    wants: plain,
  },
  {
    name: 'WMV with WMA',
    make: () =>
      film({
        name: 'windows',
        extension: 'wmv',
        encoder: ['-c:v', 'wmv2', '-q:v', '4', '-pix_fmt', 'yuv420p'],
        more: ['-c:a', 'wmav2'],
      }),
    wants: asDecoded,
  },
  {
    name: 'MXF with MPEG-2 and PCM',
    make: () =>
      film({
        name: 'mxf',
        extension: 'mxf',
        rate: '25',
        encoder: ['-c:v', 'mpeg2video', '-q:v', '4', '-pix_fmt', 'yuv422p'],
        more: ['-c:a', 'pcm_s16le'],
      }),
    wants: { ...plain, frames: 50 },
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
    make: () =>
      film({
        name: 'gif',
        extension: 'gif',
        rate: '10',
        size: '160x90',
        seconds: 13,
        encoder: ['-c:v', 'gif'],
        sound: false,
      }),
    wants: { ...plain, frames: 130, single: 'not_seekable' },
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
    wants: { ...plain, frames: 420, chunks: 2 },
  },
  {
    name: 'an edit list that hides the first second',
    make: () => makeEdited(),
    wants: asDecoded,
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
]

/** Cut by copying: the packets before the wanted start stay in the file and are hidden by an edit list. */
async function makeEdited(): Promise<string> {
  return makeMedia({
    name: 'corpus-edited',
    extension: 'mp4',
    args: ['-ss', '1', '-i', await film({ name: 'to-edit', seconds: 3 }), '-map', '0', '-c', 'copy'],
  })
}
