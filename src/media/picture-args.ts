import type { VideoPlan } from './model.ts'
import { outputFd } from './pipes.ts'

/** What encodes a picture. */
const JPEG: readonly string[] = [
  // Full range in plain yuv420p needs `unofficial`: the format made for it is deprecated, as swscale says
  // at each picture.
  ...['-c:v', 'mjpeg', '-strict', 'unofficial'],
  // No comment with the encoder's version.
  ...['-flags', '+bitexact', '-threads', '1', '-fps_mode', 'passthrough'],
]

/** In full range with the colours of BT.601, as JFIF has it and browsers take it. */
export const jpegScale = ({ width, height }: { width: number; height: number }): string =>
  `scale=${width}:${height}:flags=bicubic:in_color_matrix=bt709:out_color_matrix=smpte170m:out_range=pc,format=yuv420p`

/** The output of a chunk's run that the pictures for the seek bar go to, behind the rungs; none unless planned. */
export function pictureOutput({ pictures, rungs }: VideoPlan): string[] {
  if (!pictures) return []
  return ['-map', '[p]', ...JPEG, '-q:v', '5', '-f', 'image2pipe', `pipe:${outputFd(rungs.length)}`]
}
