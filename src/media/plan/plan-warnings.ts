import type { MediaInfo, Plan, VideoPlan, VideoStream } from '../model.ts'
import { isUsable } from './audio-plan.ts'
import { fps } from './frame-rate.ts'

type Warn = (code: string, message: string) => void

/** What an owner should know about a plan that will work all the same: stable codes, plain sentences. */
export function planWarnings(media: MediaInfo, video: VideoPlan | null): Plan['warnings'] {
  const warnings: Plan['warnings'] = []
  const warn: Warn = (code, message) => {
    warnings.push({ code, message })
  }
  warnings.push(...soundWarnings(media))
  if (media.video === null) warn('no_picture', 'the source has sound only; the result has no picture')
  if (media.video === null || video === null) return warnings
  const source = media.video.average_rate ?? media.video.nominal_rate
  const rate = fps(video.frame_rate)
  if (source !== null && fps(source) > rate * 1.01) {
    warn('frame_rate_reduced', `the source's ${round(fps(source))} frames a second become ${round(rate)}`)
  } else if (source !== null && fps(source) < rate * 0.99) {
    warn(
      'variable_frame_rate',
      `the source's frame rate varies; frames are repeated to a constant ${round(rate)} a second`,
    )
  }
  if (video.tone_map) warn('tone_mapped', 'the source is HDR; its colours are mapped to SDR')
  warnOfFields(media.video, video, warn)
  if (video.expected_frames === null)
    warn('no_duration', 'the container states no duration, so progress has no percentage')
  return warnings
}

function soundWarnings({ audio }: MediaInfo): Plan['warnings'] {
  const left = audio.filter((track) => !isUsable(track))
  if (left.length === 0) return []
  if (left.length === audio.length) {
    const message = 'no sound of the source can be decoded; the result is silent'
    return [{ code: 'audio_undecodable', message }]
  }
  const names = left.map(({ stream_index, codec, language }) =>
    [`stream ${stream_index}`, codec && `in ${codec}`, language && `(${language})`].filter(Boolean).join(' '),
  )
  return [
    { code: 'audio_left_out', message: `sound that cannot be decoded is left out: ${names.join(', ')}` },
  ]
}

function warnOfFields(source: VideoStream, { deinterlace }: VideoPlan, warn: Warn): void {
  if (deinterlace) warn('deinterlaced', 'the source is interlaced; it is deinterlaced at its frame rate')
  if (source.interlaced && deinterlace === null)
    warn('not_interlaced', 'the source is flagged as interlaced; its pictures are not, and stay as they are')
  if (deinterlace && deinterlace !== (source.top_field_first ? 'tff' : 'bff'))
    warn('field_order_wrong', 'the source is flagged with the wrong field order; its pictures decide')
}

const round = (rate: number): string => String(Math.round(rate * 100) / 100)
