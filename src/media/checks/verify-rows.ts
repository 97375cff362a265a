/** What the rows of a video must say before it is completed. Each check is pure and gives one finding. */

import type { VideoPlan } from '../model.ts'
import { segmentStart } from '../plan/chunks.ts'
import type { AssembledTrack, DoneTask } from '../segments/assemble.ts'
import type { StoredSegment } from '../stored.ts'
import { type Finding, failed, passed, readTaskResult } from './findings.ts'

export type VerifiedTask = DoneTask & { result: unknown }

/** Samples of one AAC frame (ISO/IEC 14496-3 §4.1). */
export const AAC_FRAME = 1024

/** The chunks follow each other from frame 0, and nothing follows the source's end. */
export function checkChunks(plan: VideoPlan, tasks: readonly VerifiedTask[]): Finding {
  let next = 0
  let ended = false
  for (const [position, chunk] of plan.chunks.entries()) {
    const frames = framesOf(tasks[position])
    if (frames > 0 && (ended || chunk.first_frame !== next)) {
      const detail = `chunk ${position} begins at frame ${chunk.first_frame}, the one before it ended at ${next}`
      return failed('chunks', 'chunks_do_not_join', detail)
    }
    next += frames
    ended ||= chunk.frames !== null && frames < chunk.frames
  }
  return passed('chunks', plan.chunks.length === 1 ? 'one chunk' : `${plan.chunks.length} chunks join`)
}

/** As many frames as each run said that it had made, in every rung, and no more than planned. */
export function checkFrames(
  plan: VideoPlan,
  tasks: readonly VerifiedTask[],
  rungs: readonly AssembledTrack[],
): Finding {
  const wrong = (detail: string) => failed('frames', 'frames_wrong', detail)
  for (const [position, chunk] of plan.chunks.entries()) {
    const frames = framesOf(tasks[position])
    const said = readTaskResult(tasks[position]?.result).frames
    if (said !== undefined && said !== frames)
      return wrong(`chunk ${position} has ${frames} frames, and its run made ${said}`)
    if (chunk.frames !== null && frames > chunk.frames)
      return wrong(`chunk ${position} has ${frames} frames where ${chunk.frames} were planned`)
  }
  const frames = tasks.reduce((sum, task) => sum + framesOf(task), 0)
  for (const { name, segments } of rungs) {
    const held = segments.flatMap(({ fragments }) => fragments).reduce((sum, [, , count]) => sum + count, 0)
    if (held !== frames) return wrong(`${name} has ${held} frames where the chunks have ${frames}`)
  }
  return passed('frames', `${frames} frames in each of ${rungs.length} rungs`)
}

/** Each segment of every rung begins at its planned frame, and is cut into the same GOPs. */
export function checkCuts(
  plan: VideoPlan,
  tasks: readonly VerifiedTask[],
  rungs: readonly Pick<AssembledTrack, 'name'>[],
): Finding {
  let segments = 0
  for (const [position, task] of tasks.entries()) {
    for (const { idx, frames, objects } of task.segments) {
      segments += 1
      const first = (plan.chunks[position]?.first_frame ?? 0) + segmentStart(plan, position, idx)
      const due = gopsOf(plan, first, frames)
      for (const { name } of rungs) {
        const cut = gopsIn(objects.tracks[name])
        if (cut === due) continue
        const detail = `segment ${idx} of chunk ${position} of ${name} has GOPs at ${cut}, due at ${due}`
        return failed('cuts', 'cuts_wrong', detail)
      }
    }
  }
  return passed('cuts', `${segments} segments at their planned times, alike in ${rungs.length} rungs`)
}

/** Decode times count on from 0 through every fragment, without a gap or an overlap. */
export function checkTimes(plan: VideoPlan, { name, segments, frames }: AssembledTrack): Finding {
  let next = 0
  for (const segment of segments) {
    for (const [, , count, time] of segment.fragments) {
      if (time !== next)
        return failed('times', 'chunks_do_not_join', `${name} goes on at ${time} where ${next} was due`)
      next += count * plan.frame_duration
    }
  }
  const lasts = segments.reduce((sum, { duration }) => sum + duration, 0)
  if (lasts !== frames * plan.frame_duration || next !== lasts)
    return failed('times', 'chunks_do_not_join', `${name} lasts ${lasts} for ${frames} frames`)
  return passed('times', `${name} runs from 0 to ${lasts}/${plan.timescale} s without a gap`)
}

/**
 * A sound counts on from 0 in whole AAC frames, of which the last alone may be shorter. What its length is
 * beside the source's is told; that of a header may lie.
 */
export function checkSoundTimes({ name, segments, init }: AssembledTrack, promisedS: number | null): Finding {
  const wrong = (detail: string) => failed('sound', 'sound_wrong', `${name} ${detail}`)
  let next = 0
  for (const [index, { fragments, duration }] of segments.entries()) {
    const start = next
    for (const [, , frames, time] of fragments) {
      if (time !== next) return wrong(`goes on at ${time} where ${next} was due`)
      next += frames * AAC_FRAME
    }
    const isLast = index === segments.length - 1
    const short = next - start - duration
    if (short < 0 || short >= AAC_FRAME || (short > 0 && !isLast))
      return wrong(`lasts ${duration} in a segment of ${(next - start) / AAC_FRAME} frames`)
    next -= short
  }
  // What is heard begins behind the encoder's priming.
  const seconds = ((next - AAC_FRAME) / init.timescale).toFixed(3)
  const promise = promisedS === null ? '' : `, of ${promisedS.toFixed(3)} s that the source promised`
  return passed('sound', `${name} lasts ${seconds} s without a gap${promise}`)
}

/** Every run of every worker noted its init: other bytes do not play behind the same EXT-X-MAP. */
export function checkRunInits({ name, init }: AssembledTrack, tasks: readonly VerifiedTask[]): Finding {
  const noted = tasks.flatMap(({ segments }) => segments.flatMap(({ objects }) => objects.inits[name] ?? []))
  return noted.every(({ sha256 }) => sha256 === init.sha256)
    ? passed('inits', `the same init of ${name} each time, ${noted.length} in all`)
    : failed('inits', 'init_mismatch', `the pieces of ${name} were encoded in different ways`)
}

/** Each committed object lies in the bucket with its size. */
export function checkObjects(
  wanted: readonly { key: string; bytes: number }[],
  stored: ReadonlyMap<string, number>,
): Finding {
  const missing = wanted.find(({ key, bytes }) => stored.get(key) !== bytes)
  if (!missing) return passed('objects', `${wanted.length} objects in the bucket`)
  const { key, bytes } = missing
  return failed(
    'objects',
    'object_missing',
    `${key} should have ${bytes} bytes and has ${stored.get(key) ?? 'none'}`,
  )
}

function framesOf(task: VerifiedTask | undefined): number {
  return task?.segments.reduce((sum, { frames }) => sum + frames, 0) ?? 0
}

/** `frames@time` of each GOP that a segment of so many frames should have. */
function gopsOf({ gop_frames, frame_duration }: VideoPlan, first: number, frames: number): string {
  const gops: string[] = []
  for (let at = 0; at < frames; at += gop_frames) {
    gops.push(`${Math.min(gop_frames, frames - at)}@${(first + at) * frame_duration}`)
  }
  return gops.join(' ')
}

function gopsIn(segment: StoredSegment | undefined): string {
  return segment?.fragments.map(([, , frames, time]) => `${frames}@${time}`).join(' ') ?? 'none'
}
