import type { MediaInfo, Rational, Rung, VideoStream } from '../model.ts'

type Size = { width: number; height: number }

/**
 * The VBV cap of a rung (bits per second) and its buffer of two seconds, from the profile's own cap. More
 * than 30 frames a second cost up to half as much again and not twice, since neighbours are more alike. And
 * more bits than the source had for the same picture only encode its faults: the source's rate, shrunk
 * by pixels^0.75 (a smaller picture needs more bits a pixel), is the ceiling. The floor of a
 * quarter keeps a wrong header from starving a rung; CRF decides below the cap anyway.
 * `shown` is the size that the picture is seen at, `dense` whether the rung's codec is of the dense ones.
 */
export function bitrateCap(source: {
  media: MediaInfo
  video: VideoStream
  shown: Size
  frameRate: Rational
  dense: boolean
}): (fullBps: number, size: Size) => Pick<Rung, 'max_bitrate_bps' | 'buffer_bits'> {
  const [frames, seconds] = source.frameRate
  const overThirty = Math.min(1, Math.max(0, frames / seconds / 30 - 1))
  const sourceBps = sourceBitrate(source)
  return (fullBps, size) => {
    const full = fullBps * (1 + overThirty / 2)
    const share =
      sourceBps === null ? full : sourceBps * Math.min(1, pixels(size) / pixels(source.shown)) ** 0.75
    const cap = Math.round(Math.min(full, Math.max(share, full / 4)))
    return { max_bitrate_bps: cap, buffer_bits: 2 * cap }
  }
}

const pixels = ({ width, height }: Size): number => width * height

/** H.264 needs about twice the bits of these for the same picture. */
const DENSE_CODECS = new Set(['hevc', 'vp9', 'av1'])

function sourceBitrate({ media, video, dense }: { media: MediaInfo; video: VideoStream; dense: boolean }) {
  const audioBps = media.audio.reduce((sum, track) => sum + (track.bitrate_bps ?? 0), 0)
  const own = video.bitrate_bps ?? (media.bitrate_bps === null ? null : media.bitrate_bps - audioBps)
  if (own === null || own <= 0) return null
  return DENSE_CODECS.has(video.codec) && !dense ? 2 * own : own
}
