import type { MediaInfo, Plan, SubtitlePlan } from '../model.ts'

type Captions = Pick<Plan, 'kept' | 'skipped'> & { tracks: SubtitlePlan[] }

/** ffprobe's names; those of SSA are `ass` too. */
const TEXT_CODECS = new Set(['mov_text', 'subrip', 'ass', 'ssa', 'webvtt'])
const PICTURE_CODECS = new Set(['hdmv_pgs_subtitle', 'dvd_subtitle', 'dvb_subtitle', 'xsub'])

/**
 * One plan for each track of text, to become WebVTT. `origin` is the grid's, in seconds as an exact
 * fraction: the cue at that time of the source is shown with frame 0.
 */
export function planSubtitles(media: MediaInfo, origin: SubtitlePlan['origin']): Captions {
  const texts = media.subtitles.filter(({ codec }) => isText(codec))
  // A group of renditions has one default at most (RFC 8216 §4.3.4.1).
  const chosen = texts.find((track) => track.default)
  return {
    tracks: texts.map((track, position) => ({
      position,
      stream_index: track.stream_index,
      language: track.language,
      title: track.title,
      default: track === chosen,
      forced: track.forced,
      origin,
    })),
    kept: texts.map((track, position) => ({
      name: `subtitle-${position}`,
      code: 'subtitle_track',
      reason: `stream ${track.stream_index} as WebVTT`,
    })),
    skipped: media.subtitles
      .filter(({ codec }) => !isText(codec))
      .map(({ stream_index, codec }) => ({
        kind: 'subtitle',
        name: `subtitle-stream-${stream_index}`,
        ...reasonToSkip(codec),
      })),
  }
}

const isText = (codec: string | null): boolean => codec !== null && TEXT_CODECS.has(codec)

function reasonToSkip(codec: string | null): { code: string; reason: string } {
  return codec !== null && PICTURE_CODECS.has(codec)
    ? { code: 'picture_subtitles', reason: 'the subtitles are pictures, not text' }
    : { code: 'unknown_codec', reason: 'no decoder knows the codec of this track' }
}
