import { expect, test } from 'vitest'
import { assemblePictures, layOut, sheetsOf, storyboardVtt } from '../../../src/media/manifests/storyboard.ts'
import type { VideoPlan } from '../../../src/media/model.ts'
import type { DoneTask } from '../../../src/media/segments/assemble.ts'
import { planPicture } from '../../support/a-source.ts'
import { codeThrownBy } from '../../support/thrown.ts'

/** At 30 frames/s, with a picture each 60 frames. */
const plan = planPicture()
const vtt = (of: VideoPlan, frames: number) => storyboardVtt(layOut(of, frames), (sheet) => `s${sheet}.jpg`)

test('each picture has a cue until the next one, the last until the end', () => {
  expect(vtt(plan, 130)).toBe(
    [
      'WEBVTT\n',
      '00:00:00.000 --> 00:00:02.000\ns0.jpg#xywh=0,0,160,90\n',
      '00:00:02.000 --> 00:00:04.000\ns0.jpg#xywh=160,0,160,90\n',
      '00:00:04.000 --> 00:00:04.333\ns0.jpg#xywh=320,0,160,90\n',
    ].join('\n'),
  )
})

test('the hundred and first picture begins a second sheet', () => {
  const layout = layOut(plan, 60 * 101)
  expect(layout).toMatchObject({ pictures: 101, columns: 10, rows: 10 })
  expect(sheetsOf(layout)).toBe(2)
  const cues = vtt(plan, 60 * 101).split('\n\n')
  expect(cues[11]).toMatch(/s0\.jpg#xywh=0,90,160,90$/)
  expect(cues[100]).toMatch(/s0\.jpg#xywh=1440,810,160,90$/)
  expect(cues[101]).toMatch(/s1\.jpg#xywh=0,0,160,90\n$/)
})

test.each([
  [1, 1, 1],
  [10, 10, 1],
  [11, 10, 2],
  [100, 10, 10],
  [250, 10, 10],
])('%i pictures lie on sheets of %i × %i', (pictures, columns, rows) => {
  expect(layOut(plan, 60 * pictures)).toMatchObject({ pictures, columns, rows })
})

test('cues neither overlap nor leave a gap, also at 30000/1001 and beyond an hour', () => {
  const ntsc = planPicture({ nominal_rate: [30000, 1001], average_rate: [30000, 1001], duration_s: 1600 })
  const lines = [...vtt(ntsc, 130_000).matchAll(/^(\S+) --> (\S+)$/gm)]
  expect(lines).toHaveLength(2167)
  for (const [index, [, from]] of lines.entries()) {
    if (index > 0) expect(from).toBe(lines[index - 1]?.[2])
  }
  expect(lines[1]?.[1]).toBe('00:00:02.002')
  expect(lines.at(-1)?.[2]).toBe('01:12:17.667')
})

/** Tasks whose segments hold pictures at these frames. */
function tasksOf(...segments: number[][]): DoneTask[] {
  return segments.map((frames, position) => {
    const fragments = frames.map((frame): [number, number, number, number] => [
      0,
      9,
      1,
      frame * plan.frame_duration,
    ])
    const pictures = { key: `k${position}`, bytes: 9, sha256: '', duration: 1, fragments }
    const tracks = frames.length > 0 ? { pictures } : {}
    return { position, segments: [{ idx: 0, frames: 120, objects: { tracks: { ...tracks }, inits: {} } }] }
  })
}

test('the pictures of all chunks are those of the film, wherever it was cut', () => {
  const keys = assemblePictures(plan, tasksOf([0, 60], [], [120]), 180).map(({ key }) => key)
  expect(keys).toEqual(['k0', 'k2'])
})

test.each([
  ['one is missing', tasksOf([0], [120])],
  ['the last is missing', tasksOf([0, 60])],
  ['one is there twice', tasksOf([0, 60], [60, 120])],
  ['one lies beside the grid', tasksOf([0, 61, 120])],
  ['there are none', tasksOf([], [])],
])('pictures are refused when %s', (_, tasks) => {
  expect(codeThrownBy(() => assemblePictures(plan, tasks, 180))).toBe('pictures_disagree')
})
