import { makeMedia } from '../../../scripts/clips/make.ts'
import { about, type Case } from '../support/case.ts'
import { cover, film } from './sources.ts'

const ignored = { status: 'completed', size: '320x180', frames: 60, asSource: true } as const
const covered = () => film({ name: 'covered' })

/** Pictures that are no film. */
export const coverCases: Case[] = [
  {
    name: 'a cover before the film',
    make: async () =>
      makeMedia({
        name: 'corpus-cover-first',
        extension: 'mp4',
        args: [
          ...['-i', await cover('jpg'), '-i', await covered(), '-map', '0', '-map', '1', '-c', 'copy'],
          ...['-disposition:v:0', 'attached_pic', '-disposition:v:1', 'default'],
        ],
      }),
    wants: ignored,
  },
  {
    name: 'a cover behind the film',
    make: async () =>
      makeMedia({
        name: 'corpus-cover-last',
        extension: 'mp4',
        args: [
          ...['-i', await covered(), '-i', await cover('png'), '-map', '0', '-map', '1', '-c', 'copy'],
          ...['-disposition:v:1', 'attached_pic'],
        ],
      }),
    wants: ignored,
  },
  {
    name: 'a cover attached to an MKV',
    make: async () =>
      makeMedia({
        name: 'corpus-cover-attached',
        extension: 'mkv',
        args: [
          ...['-i', await covered(), '-c', 'copy'],
          ...['-attach', await cover('jpg'), '-metadata:s:t', 'mimetype=image/jpeg'],
        ],
      }),
    wants: ignored,
  },
  {
    name: 'MP3 with a cover',
    make: async () =>
      makeMedia({
        name: 'corpus-mp3',
        extension: 'mp3',
        args: [
          ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=5', '-i', await cover('jpg')],
          ...['-map', '0', '-map', '1', '-c:a', 'libmp3lame', '-c:v', 'copy'],
          ...['-disposition:v:0', 'attached_pic'],
        ],
      }),
    wants: {
      status: 'completed',
      rungs: '',
      sound: '-',
      soundLength: about(5, 0.06),
      warnings: 'no_picture',
    },
  },
]
