import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixtureFolder, makeMedia } from '../../scripts/clips/make.ts'

/** Each fills the picture for two seconds, which is how far apart the pictures of the seek bar are. */
export const colours = ['#c0392b', '#d68910', '#1e8449', '#2471a3', '#7d3c98', '#707b7c'] as const

export const sixColoursSeconds = 2 * colours.length

/** 480p, with sound and text in English and German; the second sound track has a title that is markup. */
export function sixColours(): Promise<string> {
  const picture = [
    ...colours.map((colour, at) => `color=c=${colour}:s=854x480:r=10:d=2[c${at}]`),
    `${colours.map((_, at) => `[c${at}]`).join('')}concat=n=${colours.length}`,
  ].join(';')
  const tones = [440, 880].map((hertz) => `sine=frequency=${hertz}:sample_rate=48000`)
  const texts = ['Good morning', 'Guten Morgen'].map(textFile)
  const languages = ['s:a:0', 's:a:1', 's:s:0', 's:s:1'].flatMap((stream, at) => [
    ...[`-metadata:${stream}`, `language=${at % 2 === 0 ? 'eng' : 'ger'}`],
  ])
  return makeMedia({
    name: 'six-colours',
    extension: 'mkv',
    args: [
      ...[picture, ...tones].flatMap((input) => ['-f', 'lavfi', '-i', input]),
      ...texts.flatMap((path) => ['-i', path]),
      ...[0, 1, 2, 3, 4].flatMap((input) => ['-map', String(input)]),
      ...['-t', String(sixColoursSeconds), '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
      ...['-c:a', 'aac', '-c:s', 'srt', ...languages, '-metadata:s:a:1', 'title=<b>Notes</b>'],
    ],
  })
}

function textFile(words: string, at: number): string {
  mkdirSync(fixtureFolder, { recursive: true })
  const path = join(fixtureFolder, `six-colours-${at}.srt`)
  writeFileSync(path, `1\n00:00:00,500 --> 00:00:11,500\n${words}\n`)
  return path
}
