import { type Database, json } from '../db.ts'
import { FencedError } from '../errors.ts'
import type { Finding } from '../media/checks/findings.ts'
import type { RungQuality } from '../media/checks/quality-figures.ts'
import type { Damage } from '../media/ffmpeg/ffmpeg-failure.ts'
import type { Storyboard } from '../media/manifests/storyboard.ts'
import type { StoredInit, StoredSegment } from '../media/stored.ts'
import { endOnce, markDone } from './end-run.ts'
import { processedPrefix } from './object-keys.ts'
import type { Owned } from './state.ts'
import { lockVideo, recordEvent, scheduleCollection } from './video-lock.ts'

/** What a finished track is made of, compacted from the segment rows. */
export type FinishedTrack = {
  name: string
  codec: string
  averageBps: number
  peakBps: number
  bytes: number
  frames: number
  durationS: number
  /** Null for text. */
  init: StoredInit | null
  /** With the table of their fragments where there is a playlist of key pictures. */
  segments: (Omit<StoredSegment, 'fragments'> & Partial<Pick<StoredSegment, 'fragments'>>)[]
  playlistKey: string
}

/** A rung, with the playlist of its key pictures. */
export type FinishedRendition = FinishedTrack & {
  iframes: { playlistKey: string; averageBps: number; peakBps: number }
}

/** `videos.outputs`: what belongs to no track. Its texts, at any depth, are keys (`garbageAmong`). */
export type Outputs = {
  hls_master_key: string
  dash_manifest_key: string
  poster_key?: string
  storyboard?: Storyboard
}

export type Finished = {
  renditions: FinishedRendition[]
  /** Sound and text. */
  tracks: FinishedTrack[]
  outputs: Outputs
  findings: readonly Finding[]
  /** What is wrong with the source, where the job allowed that. */
  damage?: Damage | null
  /** By rung, where figures were asked for. */
  quality?: ReadonlyMap<string, RungQuality>
}

/**
 * Transition 9: the video is completed. Manifests were written before, under keys of this fence; this
 * commit makes them visible. Of cancel and finish, the first at LOCK wins. Throws FencedError.
 */
export async function completeFinish(sql: Database, owned: Owned, finished: Finished): Promise<void> {
  await endOnce(sql, owned, 'done', async (tx) => {
    await lockVideo(tx, owned.videoId)
    await markDone(tx, owned, {})
    const rows = await tx`
      update videos set status = 'completed', completed_at = now(), updated_at = now(),
             outputs = ${json(tx, finished.outputs)}, findings = ${json(tx, finished.findings)}
      where id = ${owned.videoId} and status = 'processing' returning id`
    if (rows.length === 0) throw new FencedError('the video is not processing any more')
    for (const track of finished.renditions) {
      const quality = finished.quality?.get(track.name)
      const { iframes } = track
      await tx`update resolutions set ${tx(finishedColumns(track))}, frames = ${track.frames},
                      quality = ${quality ? json(tx, quality) : null}, iframe_playlist_key = ${iframes.playlistKey},
                      iframe_average_bitrate_bps = ${iframes.averageBps}, iframe_peak_bitrate_bps = ${iframes.peakBps}
               where video_id = ${owned.videoId} and name = ${track.name}`
    }
    for (const track of finished.tracks) {
      await tx`update tracks set ${tx(finishedColumns(track))}
               where video_id = ${owned.videoId} and name = ${track.name}`
    }
    await tx`update tracks set state = 'skipped' where video_id = ${owned.videoId} and state = 'planned'`
    await tx`delete from segments where task_id in (select id from tasks where video_id = ${owned.videoId})`
    if (finished.damage) await recordEvent(tx, owned.videoId, 'source_damaged', finished.damage)
    await recordEvent(tx, owned.videoId, 'completed')
    await scheduleCollection(tx, processedPrefix(owned.videoId))
  })

  function finishedColumns(track: FinishedTrack) {
    return {
      state: 'ready',
      codec: track.codec,
      average_bitrate_bps: track.averageBps,
      peak_bitrate_bps: track.peakBps,
      size_bytes: track.bytes,
      duration_s: track.durationS,
      init: track.init && json(sql, track.init),
      segments: json(sql, track.segments),
      playlist_key: track.playlistKey,
    }
  }
}
