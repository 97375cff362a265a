import type { Case } from '../support/case.ts'
import { concatenated, turned } from './bytes.ts'
import { film, type Picture, quartersSource, remuxed } from './sources.ts'

const still = (name: string, width: number, height: number, more: Partial<Picture> = {}) =>
  film({ name, source: quartersSource(width, height), seconds: 1, ...more })

const upright = 'red green blue white'
const turns = [
  { degrees: 90, quarters: 'blue red white green', size: '180x320' },
  { degrees: 180, quarters: 'white blue green red', size: '320x180' },
  { degrees: 270, quarters: 'green white red blue', size: '180x320' },
] as const
const anamorphic = () => still('anamorphic', 720, 576, { filters: 'setsar=64/45' })
const oddSides = {
  status: 'completed',
  size: '160x90',
  pixelFormat: 'yuv420p',
  frames: 30,
  quarters: upright,
}

/** Size, orientation and pixel aspect. */
export const geometryCases: Case[] = [
  ...turns.map(
    ({ degrees, quarters, size }): Case => ({
      name: `turned by ${degrees}° in its track header`,
      make: async () => turned(`turned-${degrees}.mp4`, await still('plain', 320, 180), degrees),
      wants: { status: 'completed', quarters, size, pixelAspect: '1:1', frames: 30 },
    }),
  ),
  ...turns.map(
    // Read as counter-clockwise, and written as a matrix; the option went with ffmpeg 7.
    ({ degrees, quarters, size }): Case => ({
      name: `turned by ${degrees}°, muxed by ffmpeg`,
      make: () =>
        remuxed(`rotated-${degrees}`, still('plain', 320, 180), [
          '-metadata:s:v:0',
          `rotate=${360 - degrees}`,
        ]),
      wants: { status: 'completed', quarters, size, pixelAspect: '1:1', frames: 30 },
    }),
  ),
  {
    name: 'portrait 1080×1920',
    make: () => still('portrait', 1080, 1920),
    wants: {
      status: 'completed',
      rungs: '1080p 720p 480p 360p 240p 144p',
      size: '1080x1920',
      quarters: upright,
    },
  },
  {
    name: 'odd size 161×91 in 4:4:4',
    make: () =>
      still('odd', 161, 91, { encoder: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv444p'] }),
    wants: oddSides,
  },
  {
    name: 'odd size 161×91 in VP9',
    make: () =>
      still('odd-vp9', 161, 91, {
        extension: 'webm',
        encoder: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-pix_fmt', 'yuv420p'],
        sound: false,
      }),
    wants: oddSides,
  },
  {
    name: 'anamorphic PAL 720×576, 64:45',
    make: anamorphic,
    wants: { status: 'completed', size: '1024x576', pixelAspect: '1:1', quarters: upright },
  },
  {
    name: 'anamorphic and turned by 90°',
    make: async () => turned('anamorphic-turned.mp4', await anamorphic(), 90),
    wants: { status: 'completed', size: '576x1024', pixelAspect: '1:1', quarters: 'blue red white green' },
  },
  {
    name: 'letterbox 1920×804',
    make: () => still('letterbox', 1920, 804),
    wants: { status: 'completed', rungs: '1080p 720p 480p 360p 240p 144p', size: '1920x804' },
  },
  {
    name: 'square 600×600',
    make: () => still('square', 600, 600),
    wants: { status: 'completed', size: '600x600', rungs: '720p 480p 360p 240p 144p', quarters: upright },
  },
  {
    name: 'tiny 16×16',
    make: () => still('tiny', 16, 16),
    wants: { status: 'completed', size: '16x16', rungs: '144p', frames: 30 },
  },
  {
    name: 'ribbon 8192×128',
    make: () => still('ribbon', 8192, 128),
    wants: { status: 'completed', size: '3840x60', frames: 30, quarters: upright },
  },
  {
    name: 'size changes in the middle',
    make: async () => {
      const part = (name: string, width: number, height: number, from: number) =>
        still(name, width, height, {
          sound: false,
          extension: 'ts',
          more: ['-output_ts_offset', String(from)],
        })
      return concatenated('size-change.ts', [
        await part('part-a', 320, 180, 0),
        await part('part-b', 640, 360, 1),
      ])
    },
    wants: { status: 'completed', size: '320x180', frames: 60, quarters: upright },
  },
]
