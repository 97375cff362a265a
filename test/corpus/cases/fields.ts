import type { Case } from '../support/case.ts'
import { about } from '../support/case.ts'
import { film } from './sources.ts'

type Parity = 'tff' | 'bff'

/** Upright bars that move sideways at 50 pictures a second: a line is like its neighbours, unless fields are woven. */
const bars =
  'color=white:size=160x180:rate=50,drawbox=x=0:y=0:w=40:h=180:color=black:t=fill,scroll=h=0.03,scale=320:180'

const woven = (parity: Parity) => `tinterlace=mode=interleave_${parity === 'tff' ? 'top' : 'bottom'}`

/** `filters` make the pictures, and the encoder says `parity` of them. */
const flagged = (name: string, filters: string, parity: Parity) =>
  film({
    name,
    source: bars,
    filters: `${filters},setfield=${parity}`,
    encoder: [
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-pix_fmt', 'yuv420p'],
      ...['-flags', '+ilme+ildct'],
    ],
  })

const clean = { status: 'completed', frameRate: '25/1', frames: 50, combing: about(0, 0.5) } as const

/** Interlaced film, and film that only says so. */
export const fieldCases: Case[] = [
  ...(['tff', 'bff'] as const).map(
    (parity): Case => ({
      name: `interlaced, ${parity === 'tff' ? 'top' : 'bottom'} field first`,
      make: () => flagged(`interlaced-${parity}`, woven(parity), parity),
      wants: { ...clean, fields: parity, warnings: 'deinterlaced' },
    }),
  ),
  {
    name: 'top field first, flagged as bottom',
    make: () => flagged('flagged-bottom', woven('tff'), 'bff'),
    wants: { ...clean, fields: 'tff', warnings: 'deinterlaced field_order_wrong' },
  },
  {
    name: 'bottom field first, flagged as top',
    make: () => flagged('flagged-top', woven('bff'), 'tff'),
    wants: { ...clean, fields: 'bff', warnings: 'deinterlaced field_order_wrong' },
  },
  {
    name: 'progressive, flagged as interlaced',
    make: () => flagged('flagged-progressive', 'fps=25', 'tff'),
    wants: { ...clean, fields: null, warnings: 'not_interlaced' },
  },
  {
    name: 'interlaced MPEG-2 in a program stream',
    make: () =>
      film({
        name: 'interlaced-ps',
        source: bars,
        filters: `${woven('tff')},setfield=tff`,
        extension: 'mpg',
        encoder: [
          '-c:v',
          'mpeg2video',
          '-q:v',
          '3',
          '-flags',
          '+ilme+ildct',
          '-top',
          '1',
          '-pix_fmt',
          'yuv420p',
        ],
        sound: false,
      }),
    wants: { ...clean, fields: 'tff', warnings: 'deinterlaced' },
  },
]
