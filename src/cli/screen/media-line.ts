import type { Media } from '../client/video.ts'
import { bytesText, timeText } from './units.ts'

/** What is in the source. */
export function mediaLine({ format, duration_s, size_bytes, video, audio, subtitles }: Media): string {
  const parts = [format, timeText(duration_s), bytesText(size_bytes)]
  parts.push(video ? `${video.codec} ${video.width}×${video.height}` : 'no picture')
  parts.push(
    ...audio.map(({ codec, language }) => `${codec ?? 'unknown'} sound${language ? ` (${language})` : ''}`),
  )
  if (subtitles.length > 0) parts.push(`${subtitles.length} subtitle${subtitles.length === 1 ? '' : 's'}`)
  return parts.join(', ')
}
