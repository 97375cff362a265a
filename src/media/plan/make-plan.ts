import { PermanentError } from '../../errors.ts'
import { encoders } from '../encoders/encoders.ts'
import { MAX_DURATION_S } from '../limits.ts'
import type { MediaInfo, Plan, VideoPlan, VideoStream } from '../model.ts'
import { pictureOrigin, planAudio } from './audio-plan.ts'
import { planChunks, SINGLE_CHUNK_S } from './chunks.ts'
import { planColour } from './colour.ts'
import { parityOf } from './fields.ts'
import { chooseFrameRate, fps } from './frame-rate.ts'
import { type Grid, planGrid, secondsAt } from './grid.ts'
import { planLadder } from './ladder.ts'
import { planPictures } from './picture-plan.ts'
import { planWarnings } from './plan-warnings.ts'
import type { Profile, VideoProfile } from './profiles.ts'
import { planSubtitles } from './subtitle-plan.ts'

export type PlanRequest = {
  media: MediaInfo
  /** Fingerprint of the ffmpeg that will encode (`readBuild`). */
  build: string
  /** A reason code that forbids cutting the source, null where it may be cut. */
  singleChunk: string | null
  profile: Profile
}

/** Segment duration of a file without pictures, in seconds. */
const AUDIO_SEGMENT_S = 4

/**
 * What will be made of a source and why; pure. Throws `no_video` when nothing can be made,
 * `no_audio` when the profile makes sound alone and there is none, `too_small_picture` as `planLadder`
 * does, and `too_long` when the container promises more than 12 h.
 */
export function makePlan(request: PlanRequest): Plan {
  const { media, build, profile } = request
  if ((media.duration_s ?? 0) > MAX_DURATION_S)
    throw new PermanentError('too_long', 'the source is longer than 12 hours')
  const pictures = media.video && profile.video && planVideo(request, media.video, profile.video)
  const sound = planAudio({ media, video: pictures?.video ?? null, profile })
  if (!pictures && sound.tracks.length === 0) throw nothingToMake(media)
  const origin = pictures ? pictureOrigin(pictures.video) : sound.tracks[0]?.origin
  const captions = planSubtitles(media, origin ?? [0, 1])
  return {
    version: 1,
    profile: profile.name,
    build,
    video: pictures?.video ?? null,
    audio: sound.tracks,
    subtitles: captions.tracks,
    single_chunk: pictures?.singleChunk ?? null,
    ...segmentLengths(pictures?.video ?? null),
    kept: [...(pictures?.kept ?? []), ...sound.kept, ...captions.kept],
    skipped: [...(pictures?.skipped ?? skippedPicture(media)), ...sound.skipped, ...captions.skipped],
    warnings: planWarnings(media, pictures?.video ?? null),
  }
}

type Pictures = Pick<Plan, 'kept' | 'skipped'> & { video: VideoPlan; singleChunk: string | null }

function planVideo(
  { media, singleChunk: forced }: PlanRequest,
  video: VideoStream,
  profile: VideoProfile,
): Pictures {
  const frameRate = chooseFrameRate(video)
  const grid = longEnough(planGrid(media, video, frameRate), profile)
  const { rungs, kept, skipped } = planLadder({ media, video, frameRate, profile })
  const smallest = rungs.at(-1)
  const singleChunk = forced ?? reasonNotToCut(media, grid)
  return {
    kept,
    skipped,
    singleChunk,
    video: {
      stream_index: video.stream_index,
      ...grid,
      source_width: video.width,
      source_height: video.height,
      source_start_s: secondsAt(video.first_pts, video.time_base),
      rotation: video.rotation,
      deinterlace: parityOf(video),
      ...planColour(video),
      encoder: { codec: profile.codec, preset: profile.preset },
      pictures: smallest ? planPictures(grid, smallest) : null,
      // A transport stream has no index: its seek lands somewhere near.
      preroll_s: media.format.includes('mpegts') ? 10 : 2,
      chunks: planChunks(grid, singleChunk === null),
      rungs,
    },
  }
}

/** Below one frame a second a GOP of 2 s is a single frame, which not every encoder can do. */
function longEnough(grid: Grid, { codec }: VideoProfile): Grid {
  const gop_frames = Math.max(grid.gop_frames, encoders[codec].minGopFrames)
  return { ...grid, gop_frames, segment_frames: 2 * gop_frames }
}

function nothingToMake({ video }: MediaInfo): PermanentError {
  return video
    ? new PermanentError(
        'no_audio',
        'the profile makes sound only, and the source has none that can be decoded',
      )
    : new PermanentError('no_video', 'the source has neither a picture nor a sound that can be decoded')
}

/** Of a plan without pictures. */
function skippedPicture({ video }: MediaInfo): Plan['skipped'] {
  return video
    ? [{ kind: 'video', name: 'video', code: 'not_in_profile', reason: 'the profile makes sound only' }]
    : []
}

function reasonNotToCut(media: MediaInfo, grid: Grid): string | null {
  if (grid.expected_frames === null) return 'no_duration'
  if (grid.expected_frames < SINGLE_CHUNK_S * fps(grid.frame_rate)) return 'short'
  // A GIF picture is drawn over the one before it: there is nothing to seek to.
  return media.format === 'gif' ? 'not_seekable' : null
}

/**
 * The longest segment is an ordinary one with a tail under 1 s joined to it; EXT-X-TARGETDURATION
 * must not be below any (RFC 8216 §4.3.3.1).
 */
function segmentLengths(video: VideoPlan | null): Pick<Plan, 'segment_s' | 'target_duration_s'> {
  if (video === null) return { segment_s: AUDIO_SEGMENT_S, target_duration_s: AUDIO_SEGMENT_S + 1 }
  const rate = fps(video.frame_rate)
  const longestTail = Math.max(0, Math.ceil(rate) - 1)
  return {
    segment_s: video.segment_frames / rate,
    target_duration_s: Math.ceil((video.segment_frames + longestTail) / rate),
  }
}
