import { JUDGED_SIDE } from '../manifests/choose-poster.ts'
import type { SheetLayout } from '../manifests/storyboard.ts'
import type { VideoPlan } from '../model.ts'
import { inputFd, outputFd, progressFd } from '../pipes.ts'
import { fitInto } from '../plan/ladder.ts'
import { whitelistArgs } from '../whitelist.ts'
import { progressArgs, QUIET } from './run-args.ts'

type Size = { width: number; height: number }

/** What encodes a picture. */
const JPEG: readonly string[] = [
  // Full range in plain yuv420p needs `unofficial`: the format made for it is deprecated, as swscale says
  // at each picture.
  ...['-c:v', 'mjpeg', '-strict', 'unofficial'],
  // No comment with the encoder's version.
  ...['-flags', '+bitexact', '-threads', '1', '-fps_mode', 'passthrough'],
]
const JPEGS: readonly string[] = [...JPEG, '-f', 'image2pipe']

/** In full range with the colours of BT.601, as JFIF has it and browsers take it. */
export const jpegScale = ({ width, height }: Size): string =>
  `scale=${width}:${height}:flags=bicubic:in_color_matrix=bt709:out_color_matrix=smpte170m:out_range=pc,format=yuv420p`

/** The output of a chunk's run that the pictures for the seek bar go to, behind the rungs; none unless planned. */
export function pictureOutput({ pictures, rungs }: VideoPlan): string[] {
  if (!pictures) return []
  return ['-map', '[p]', ...JPEGS, '-q:v', '5', `pipe:${outputFd(rungs.length)}`]
}

/**
 * The argv that lays the pictures, a stream of JPEGs on the only input, out on sheets (pipe 3, JPEGs
 * too), and gives the luma of each for `choosePoster` (pipe 4).
 */
export function sheetArgs({ columns, rows }: Pick<SheetLayout, 'columns' | 'rows'>): string[] {
  const luma = `scale=${JUDGED_SIDE}:${JUDGED_SIDE}:flags=area,format=gray`
  return [
    ...QUIET,
    ...whitelistArgs('ffmpeg', 'pictures'),
    ...['-f', 'mjpeg', '-threads', '1', '-i', `pipe:${inputFd(2, 0)}`],
    ...['-map', '0:v:0', '-vf', `tile=${columns}x${rows}`],
    ...[...JPEGS, '-q:v', '5', `pipe:${outputFd(0)}`],
    ...['-map', '0:v:0', '-vf', luma, '-fps_mode', 'passthrough', '-f', 'rawvideo', `pipe:${outputFd(1)}`],
    ...progressArgs(progressFd(2)),
  ]
}

/** The longest side of a poster. */
const POSTER_SIDE = 1920

/** The argv that makes a JPEG of the first frame of a fragmented MP4 with pictures of this size. */
export function posterArgs(picture: Size): string[] {
  const fitted = fitInto({ long: POSTER_SIDE, short: POSTER_SIDE }, picture)
  const size = fitted.width < picture.width ? fitted : picture
  return [
    ...QUIET,
    ...whitelistArgs('ffmpeg', 'pipe'),
    ...['-f', 'mp4', '-threads', '1', '-i', `pipe:${inputFd(1, 0)}`],
    ...['-map', '0:v:0', '-frames:v', '1', '-vf', jpegScale(size)],
    ...[...JPEGS, '-q:v', '3', `pipe:${outputFd(0)}`],
    ...progressArgs(progressFd(1)),
  ]
}
