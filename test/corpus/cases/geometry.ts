import { about, type Case } from '../support/case.ts'
import { concatenated } from './bytes.ts'
import { film, quartersSource, remuxed } from './sources.ts'

const still = (name: string, width: number, height: number, more: Parameters<typeof film>[0] | object = {}) =>
  film({ name, source: quartersSource(width, height), seconds: 1, ...more })

const upright = 'red green blue white'

/** Size, orientation and pixel aspect. */
export const geometryCases: Case[] = [
  ...[
    { degrees: 90, code: 'green white red blue', size: '180x320' },
    { degrees: 180, code: 'white blue green red', size: '320x180' },
    { degrees: 270, code: 'blue red white green', size: '180x320' },
  ].map(
    ({ degrees, code, size }): Case => ({
      name: `rotated by ${degrees}°`,
      make: () =>
        remuxed(`rotated-${degrees}`, still('plain', 320, 180), ['-metadata:s:v:0', `rotate=${degrees}`]),
      wants: { status: 'completed', quarters: code, size, pixelAspect: '1:1', frames: 30 },
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
    name: 'odd size 161×91, 4:4:4',
    make: () =>
      film({
        name: 'odd',
        source: 'testsrc=size=161x91:rate=30',
        seconds: 1,
        encoder: ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv444p'],
      }),
    wants: { status: 'completed', size: '160x90', pixelFormat: 'yuv420p', frames: 30 },
  },
  {
    name: 'anamorphic PAL 720×576, 64:45',
    make: () => still('anamorphic', 720, 576, { filters: 'setsar=64/45' }),
    wants: { status: 'completed', size: '1024x576', pixelAspect: '1:1', quarters: upright },
  },
  {
    name: 'anamorphic and turned by 90°',
    make: () =>
      remuxed('anamorphic-turned', still('anamorphic', 720, 576, { filters: 'setsar=64/45' }), [
        '-metadata:s:v:0',
        'rotate=90',
      ]),
    wants: { status: 'completed', size: '576x1024', pixelAspect: '1:1', quarters: 'green white red blue' },
  },
  {
    name: 'letterbox 1920×804',
    make: () => still('letterbox', 1920, 804),
    wants: { status: 'completed', rungs: '1080p 720p 480p 360p 240p 144p', size: '1920x804' },
  },
  {
    name: 'square 600×600',
    make: () => still('square', 600, 600),
    wants: { status: 'completed', size: '600x600', quarters: upright },
  },
  {
    name: 'tiny 16×16',
    make: () => still('tiny', 16, 16),
    wants: { status: 'completed', size: '16x16', frames: 30 },
  },
  {
    name: 'ribbon 8192×128',
    make: () => still('ribbon', 8192, 128),
    wants: { status: 'completed', size: '3840x60', frames: 30 },
  },
  {
    name: 'size changes in the middle',
    make: async () => {
      const part = (name: string, width: number, height: number, from: number) =>
        film({
          name,
          source: quartersSource(width, height),
          sound: false,
          extension: 'ts',
          seconds: 1,
          more: ['-output_ts_offset', String(from)],
        })
      return concatenated('size-change.ts', [
        await part('part-a', 320, 180, 0),
        await part('part-b', 640, 360, 1),
      ])
    },
    wants: { status: 'completed', size: '320x180', frames: about(60, 2), quarters: upright },
  },
]
