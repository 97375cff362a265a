import { ReplanError, StepladderError } from '../errors.ts'
import type { Plan, SegmentObjects, StoredInit, StoredSegment, VideoPlan } from './model.ts'

/** A done task's segments in order, as committed. */
export type DoneTask = {
  position: number
  segments: { idx: number; frames: number; objects: SegmentObjects }[]
}

/** One rendition or audio track, whole and checked. */
export type AssembledTrack = {
  name: string
  init: StoredInit & { key: string }
  segments: StoredSegment[]
  frames: number
  durationS: number
}

/**
 * Joins the chunks of every rung and checks what the rows say: each chunk begins where the one before
 * ended, nothing follows the source's end, all rungs are cut at the same times, one init for all.
 * Throws ReplanError where cutting is to blame.
 */
export function assembleVideo(plan: VideoPlan, tasks: readonly DoneTask[]): AssembledTrack[] {
  checkChunks(plan, tasks)
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

function checkChunks(plan: VideoPlan, tasks: readonly DoneTask[]): void {
  let next = 0
  let ended = false
  for (const [position, chunk] of plan.chunks.entries()) {
    const task = tasks[position]
    if (task?.position !== position)
      throw new StepladderError('segments_missing', `chunk ${position} is not done`)
    const frames = task.segments.reduce((sum, segment) => sum + segment.frames, 0)
    if (frames > 0 && (ended || chunk.first_frame !== next)) {
      throw new ReplanError(
        'chunks_do_not_join',
        `chunk ${position} does not begin where the one before it ended`,
      )
    }
    next += frames
    ended ||= chunk.frames !== null && frames < chunk.frames
  }
}

function assembleTrack(name: string, rows: DoneTask['segments']): AssembledTrack {
  const init = rows[0]?.objects.inits[name]
  if (!init || init.key === null) throw new StepladderError('segments_missing', `${name} has no init`)
  const segments = rows.map(({ objects }) => {
    const segment = objects.tracks[name]
    if (!segment) throw new StepladderError('segments_missing', `${name} lacks a segment`)
    return segment
  })
  checkInits(name, init, rows)
  checkTimes(name, segments)
  const duration = segments.reduce((sum, segment) => sum + segment.duration, 0)
  return {
    name,
    init: { ...init, key: init.key },
    segments,
    frames: rows.reduce((sum, row) => sum + row.frames, 0),
    durationS: duration / init.timescale,
  }
}

/** Every run of every worker noted the init it had; different bytes do not play behind one EXT-X-MAP. */
function checkInits(name: string, init: StoredInit, rows: DoneTask['segments']): void {
  for (const { objects } of rows) {
    const other = objects.inits[name]
    if (other && other.sha256 !== init.sha256) {
      throw new ReplanError('init_mismatch', `the pieces of ${name} were encoded in different ways`)
    }
  }
}

/** Decode times count on without gap or overlap from 0 through every fragment. */
function checkTimes(name: string, segments: readonly StoredSegment[]): void {
  let next = 0
  for (const segment of segments) {
    const start = segment.fragments[0]?.[3]
    if (start !== next)
      throw new ReplanError('chunks_do_not_join', `${name} has a gap at ${start}, expected ${next}`)
    next += segment.duration
  }
}
