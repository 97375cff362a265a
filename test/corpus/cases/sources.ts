import { makeMedia } from '../../../scripts/clips/make.ts'
import { numbering } from '../support/signature.ts'

export type Picture = {
  name: string
  seconds?: number
  size?: string
  rate?: string
  /** A lavfi source; a moving test picture with numbered frames unless told. */
  source?: string
  /** Filters behind it. */
  filters?: string
  encoder?: readonly string[]
  extension?: string
  /** A tone of 440 Hz beside it. Default true. */
  sound?: boolean
  /** Output options. */
  more?: readonly string[]
}

const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '20', '-g', '60', '-pix_fmt', 'yuv420p']

/** A generated film; two seconds with a tone unless told. */
export function film(options: Picture): Promise<string> {
  const { name, seconds = 2, size = '320x180', rate = '30', extension = 'mp4', sound = true } = options
  const source = options.source ?? `testsrc2=size=${size}:rate=${rate},${numbering()}`
  return makeMedia({
    name: `corpus-${name}`,
    extension,
    args: [
      ...['-f', 'lavfi', '-i', source],
      ...(sound ? ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'] : []),
      ...(options.filters ? ['-vf', options.filters] : []),
      ...['-t', String(seconds)],
      ...(options.encoder ?? h264),
      ...(sound ? ['-c:a', 'aac', '-b:a', '64k'] : []),
      ...(options.more ?? []),
    ],
  })
}

/** Four coloured quarters, so that a turn or a crop shows: red green / blue white. */
export function quartersSource(width: number, height: number, rate = '30'): string {
  const [w, h] = [width / 2, height / 2]
  const box = (x: number, y: number, colour: string) =>
    `drawbox=x=${x}:y=${y}:w=${w}:h=${h}:color=${colour}:t=fill`
  return [
    `color=white:size=${width}x${height}:rate=${rate}`,
    box(0, 0, 'red'),
    box(w, 0, '0x00ff00'),
    box(0, h, 'blue'),
  ].join(',')
}

/** At each second from 1 on a flash and a beep of 100 ms in the same instant. */
export function syncFilm(options: {
  name: string
  seconds?: number
  rate?: string
  size?: string
  extension?: string
  /** Of the sound against the picture. */
  delayS?: number
  filters?: string
  audio?: readonly string[]
  more?: readonly string[]
}): Promise<string> {
  const { name, seconds = 4, rate = '30', size = '320x180', extension = 'mp4', delayS = 0 } = options
  const pulse = 'gte(t,1)*lt(mod(t,1),0.1)'
  const flash = `color=black:size=${size}:rate=${rate},drawbox=color=white:t=fill:enable='${pulse}'`
  return makeMedia({
    name: `corpus-${name}`,
    extension,
    args: [
      ...(delayS < 0 ? ['-itsoffset', String(-delayS)] : []),
      ...['-t', String(seconds), '-f', 'lavfi', '-i', flash],
      ...(delayS > 0 ? ['-itsoffset', String(delayS)] : []),
      ...['-t', String(seconds), '-f', 'lavfi', '-i'],
      `aevalsrc='0.8*sin(2*PI*1000*t)*${pulse}':sample_rate=48000`,
      ...['-map', '0', '-map', '1', ...(options.filters ? ['-vf', options.filters] : [])],
      ...[...h264, ...(options.audio ?? ['-c:a', 'aac', '-b:a', '128k']), ...(options.more ?? [])],
    ],
  })
}

/** The same streams in another file: nothing is encoded again. */
export async function remuxed(
  name: string,
  input: Promise<string>,
  args: readonly string[],
  extension = 'mp4',
): Promise<string> {
  return makeMedia({
    name: `corpus-${name}`,
    extension,
    args: [...['-i', await input, '-map', '0', '-c', 'copy'], ...args],
  })
}

/** One picture as a file of its own. */
export function cover(extension: 'jpg' | 'png'): Promise<string> {
  return makeMedia({
    name: 'corpus-cover',
    extension,
    args: ['-f', 'lavfi', '-i', 'testsrc2=size=320x320', '-frames:v', '1'],
  })
}
