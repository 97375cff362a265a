import { StepladderError } from '../../errors.ts'
import type { Plan, VideoPlan } from '../model.ts'
import type { SegmentObjects, StoredInit, StoredSegment } from '../stored.ts'

/** A done task's segments in order, as committed. */
export type DoneTask = {
  position: number
  segments: { idx: number; frames: number; objects: SegmentObjects }[]
}

/** One rendition or audio track, whole. */
export type AssembledTrack = {
  name: string
  init: StoredInit & { key: string }
  segments: StoredSegment[]
  frames: number
  durationS: number
}

/** Joins the chunks of every rung; whether they fit is for `verify-rows.ts`. Throws `segments_missing`. */
export function assembleVideo(plan: VideoPlan, tasks: readonly DoneTask[]): AssembledTrack[] {
  requireTasks(plan, tasks)
  return plan.rungs.map((rung) =>
    assembleTrack(
      rung.name,
      tasks.flatMap((task) => task.segments),
    ),
  )
}

/** The tracks that could be made; one without segments was skipped with a warning. */
export function assembleAudio(plan: Plan['audio'], tasks: readonly DoneTask[]): AssembledTrack[] {
  return plan.flatMap((track) => {
    const task = tasks.find((done) => done.position === track.position)
    return task && task.segments.length > 0 ? [assembleTrack(`audio-${track.position}`, task.segments)] : []
  })
}

/** A track of text: one object, and its length to the end of the last cue in milliseconds. */
export type AssembledSubtitle = { name: string; segment: StoredSegment }

/** The tracks of text that could be made; one without a file was skipped with a warning. */
export function assembleSubtitles(plan: Plan['subtitles'], tasks: readonly DoneTask[]): AssembledSubtitle[] {
  return plan.flatMap(({ position }) => {
    const name = `subtitle-${position}`
    const segment = tasks.find((done) => done.position === position)?.segments[0]?.objects.tracks[name]
    return segment ? [{ name, segment }] : []
  })
}

function requireTasks(plan: VideoPlan, tasks: readonly DoneTask[]): void {
  const missing = plan.chunks.findIndex((_, position) => tasks[position]?.position !== position)
  if (missing >= 0) throw new StepladderError('segments_missing', `chunk ${missing} is not done`)
}

function assembleTrack(name: string, rows: DoneTask['segments']): AssembledTrack {
  const init = rows[0]?.objects.inits[name]
  if (!init || init.key === null) throw new StepladderError('segments_missing', `${name} has no init`)
  const segments = rows.map(({ objects }) => {
    const segment = objects.tracks[name]
    if (!segment) throw new StepladderError('segments_missing', `${name} lacks a segment`)
    return segment
  })
  const duration = segments.reduce((sum, segment) => sum + segment.duration, 0)
  return {
    name,
    init: { ...init, key: init.key },
    segments,
    frames: rows.reduce((sum, row) => sum + row.frames, 0),
    durationS: duration / init.timescale,
  }
}
