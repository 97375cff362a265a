import { makeMedia } from '../../../scripts/clips/make.ts'
import type { Case } from '../support/case.ts'
import { pictureSubtitles, written } from './bytes.ts'
import { film, remuxed } from './sources.ts'

/** Captions as SubRip, with signs that mean something elsewhere. */
const subRip = () =>
  written(
    'captions.srt',
    '1\n00:00:00,500 --> 00:00:01,500\nHello & <b>welcome</b>\n\n2\n00:00:01,600 --> 00:00:01,900\n→ größer\n',
  )

async function captioned(name: string, captions: string, codec: string, extension: string): Promise<string> {
  return makeMedia({
    name: `corpus-${name}`,
    extension,
    args: [
      ...['-i', await film({ name: 'to-caption' }), '-i', captions, '-map', '0', '-map', '1'],
      ...['-c', 'copy', '-c:s', codec, '-metadata:s:s:0', 'language=eng'],
    ],
  })
}

const titled = (name: string, title: string) =>
  remuxed(name, film({ name: 'untitled' }), ['-metadata', `title=${title}`])

/** What is to be read: captions, and titles that mean harm. */
export const textCases: Case[] = [
  {
    name: 'captions as mov_text',
    make: () => captioned('mov-text', subRip(), 'mov_text', 'mp4'),
    wants: { status: 'completed', subtitles: 'eng', skipped: '' },
  },
  {
    name: 'captions as SubRip in MKV',
    make: () => captioned('subrip', subRip(), 'srt', 'mkv'),
    wants: { status: 'completed', subtitles: 'eng', skipped: '' },
  },
  {
    name: 'captions as pictures (PGS)',
    make: () => captioned('pictures', pictureSubtitles('captions.sup'), 'copy', 'mkv'),
    wants: { status: 'completed', subtitles: '', skipped: 'picture_subtitles' },
  },
  {
    name: 'a title with markup, a line end, right-to-left text and a picture',
    make: () => titled('title', '<script>alert(1)</script>\n\u202Eשלום 🎬'),
    wants: { status: 'completed', title: '<script>alert(1)</script> \u202Eשלום 🎬' },
  },
  {
    name: 'a title of 64 KB',
    make: () => titled('long-title', '🎬 '.repeat(13_107)),
    wants: { status: 'completed', titleLength: 300, titleEnd: '…' },
  },
]
