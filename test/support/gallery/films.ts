import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clip } from '../../../scripts/clips/clip.ts'
import { fixtureFolder, makeMedia } from '../../../scripts/clips/make.ts'
import { damaged } from '../../corpus/cases/bytes.ts'
import { textNamedMp4 } from '../fixtures.ts'

/** Two sound tracks and two tracks of text, each with its language. Returns the path, as all of these do. */
export async function richFilm(): Promise<string> {
  const film = await clip({ seconds: 20, width: 1280, height: 720, tones: [330, 440] })
  const texts = ['One rung after the other.', 'Eine Sprosse nach der anderen.'].map((line, at) => {
    const path = join(fixtureFolder, `gallery-${at}.srt`)
    writeFileSync(path, `1\n00:00:00,500 --> 00:00:09,000\n${line}\n\n2\n00:00:10,000 --> 00:00:19,000\n…\n`)
    return path
  })
  const languages = [
    ...['a:0', 'a:1', 's:0', 's:1'].flatMap((stream, at) => [
      `-metadata:s:${stream}`,
      `language=${['eng', 'ger'][at % 2]}`,
    ]),
  ]
  const inputs = [film, ...texts].flatMap((path) => ['-i', path])
  const maps = ['0', '1', '2'].flatMap((index) => ['-map', index])
  return makeMedia({ name: 'rich', extension: 'mkv', args: [...inputs, ...maps, '-c', 'copy', ...languages] })
}

export const portraitFilm = () => clip({ seconds: 4, width: 360, height: 640 })

/** Many minutes of work for workers that do not hurry. */
export const longFilm = () => clip({ seconds: 300, width: 640, height: 360 })

export async function sound(): Promise<string> {
  const args = ['-i', await clip({ seconds: 8 }), '-vn', '-c', 'copy']
  return makeMedia({ name: 'sound', extension: 'm4a', args })
}

/** Nothing that a video could be made of. */
export const noFilm = async () => textNamedMp4()

/** Fails in the middle, after ffmpeg said much about it. */
export async function brokenFilm(): Promise<string> {
  return damaged('gallery-damaged.mp4', await clip({ seconds: 16 }), 20_000)
}
