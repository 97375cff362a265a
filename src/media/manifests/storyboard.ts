import { z } from 'zod'
import { StepladderError } from '../../errors.ts'
import type { VideoPlan } from '../model.ts'
import { fps } from '../plan/frame-rate.ts'
import type { DoneTask } from '../segments/assemble.ts'
import { PICTURES_TRACK } from '../segments/pictures.ts'
import type { StoredSegment } from '../stored.ts'

const COLUMNS = 10
const ROWS = 10

/** The sheets of a video's pictures, row by row from the left, as in `videos.outputs`. */
export const storyboardSchema = z.object({
  vtt_key: z.string(),
  sheet_keys: z.array(z.string()).min(1),
  pictures: z.int().positive(),
  /** Of one picture, in pixels. */
  width: z.int().positive(),
  height: z.int().positive(),
  /** Of every sheet; the last one may have empty places. */
  columns: z.int().positive(),
  rows: z.int().positive(),
  /** From one picture to the next, and of the film. */
  every_s: z.number().positive(),
  duration_s: z.number().positive(),
})
export type Storyboard = z.infer<typeof storyboardSchema>

/** What is known before the sheets are made. */
export type SheetLayout = Omit<Storyboard, 'vtt_key' | 'sheet_keys'>

/**
 * The objects that hold a film's pictures, in order. Throws `pictures_disagree` unless each picture of
 * its `frames` is there, and no other.
 */
export function assemblePictures(
  plan: VideoPlan,
  tasks: readonly DoneTask[],
  frames: number,
): StoredSegment[] {
  const every = plan.pictures?.every_frames ?? Number.POSITIVE_INFINITY
  const objects = tasks.flatMap((task) =>
    task.segments.flatMap((segment) => segment.objects.tracks[PICTURES_TRACK] ?? []),
  )
  const found = objects.flatMap(({ fragments }) => fragments.map(([, , , time]) => time))
  const due = Array.from({ length: Math.ceil(frames / every) }, (_, index) => index * every)
  if (found.join() !== due.map((frame) => frame * plan.frame_duration).join()) {
    throw new StepladderError('pictures_disagree', `there are ${found.length} pictures of ${due.length}`)
  }
  return objects
}

/** Sheets of 10 × 10; a film with fewer pictures has one sheet with as many places as it needs. */
export function layOut(plan: VideoPlan, frames: number): SheetLayout {
  const { every_frames, width, height } = plan.pictures ?? { every_frames: 1, width: 2, height: 2 }
  const pictures = Math.ceil(frames / every_frames)
  const rate = fps(plan.frame_rate)
  return {
    pictures,
    width,
    height,
    columns: Math.min(COLUMNS, pictures),
    rows: Math.min(ROWS, Math.ceil(pictures / COLUMNS)),
    every_s: every_frames / rate,
    duration_s: frames / rate,
  }
}

/** How many sheets there are. */
export const sheetsOf = ({ pictures, columns, rows }: SheetLayout): number =>
  Math.ceil(pictures / (columns * rows))

/**
 * WebVTT whose cues name a part of a sheet each (`#xywh=`, Media Fragments URI 1.0 §4.2.2), as players
 * take it for the preview above the seek bar. `uriOf` gives the address of a sheet by its number.
 */
export function storyboardVtt(layout: SheetLayout, uriOf: (sheet: number) => string): string {
  const { pictures, width, height, columns, rows, every_s, duration_s } = layout
  const cues = Array.from({ length: pictures }, (_, index) => {
    const place = index % (columns * rows)
    const x = (place % columns) * width
    const y = Math.floor(place / columns) * height
    const end = Math.min((index + 1) * every_s, duration_s)
    const uri = uriOf(Math.floor(index / (columns * rows)))
    return `${vttTime(index * every_s)} --> ${vttTime(end)}\n${uri}#xywh=${x},${y},${width},${height}\n`
  })
  return ['WEBVTT\n', ...cues].join('\n')
}

/** `hh:mm:ss.ttt` (WebVTT §4.1). */
function vttTime(seconds: number): string {
  const ms = Math.round(seconds * 1000)
  const field = (value: number, digits = 2) => String(Math.floor(value)).padStart(digits, '0')
  return `${field(ms / 3_600_000)}:${field((ms / 60_000) % 60)}:${field((ms / 1000) % 60)}.${field(ms % 1000, 3)}`
}
