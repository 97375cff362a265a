import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clip } from '../../scripts/clips/clip.ts'
import { fixtureFolder, makeMedia } from '../../scripts/clips/make.ts'

export { clip } from '../../scripts/clips/clip.ts'

/** Three light minutes, long enough for two workers to share and for one to be killed midway. */
export function longClip(): Promise<string> {
  return clip({ seconds: 180, width: 640, height: 360 })
}

/** A few seconds with sound: the shortest whole way through. */
export function shortClip(): Promise<string> {
  return clip({ seconds: 6, width: 640, height: 360 })
}

export function textNamedMp4(): string {
  return written('text.mp4', 'This is a letter, not a film.\n'.repeat(200))
}

export function emptyFile(): string {
  return written('empty.mp4', '')
}

/** An HLS playlist that makes a careless ffmpeg call `canaryUrl`. */
export function playlistNamedMp4(canaryUrl: string): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-TARGETDURATION:10',
    '#EXTINF:10.0,',
    canaryUrl,
    '#EXT-X-ENDLIST',
    '',
  ]
  return written(`playlist-${new URL(canaryUrl).port}.mp4`, lines.join('\n'))
}

/** A PNG under a video's name. */
export async function imageNamedMp4(): Promise<string> {
  const args = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180', '-frames:v', '1']
  const image = await makeMedia({ name: 'image', extension: 'png', args })
  return written('image.mp4', readFileSync(image))
}

/** The first two thirds of a whole file: its sample table points beyond the end. */
export async function truncatedClip(): Promise<string> {
  const whole = readFileSync(await clip({ seconds: 12, width: 640, height: 360 }))
  return written('truncated.mp4', whole.subarray(0, Math.floor((whole.length * 2) / 3)))
}

function written(name: string, content: string | Uint8Array): string {
  mkdirSync(fixtureFolder, { recursive: true })
  const path = join(fixtureFolder, name)
  writeFileSync(path, content)
  return path
}
