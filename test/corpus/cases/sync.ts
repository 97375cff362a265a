import { about, type Case } from '../support/case.ts'
import { concatenated } from './bytes.ts'
import { remuxed, syncFilm } from './sources.ts'

/** Milliseconds; what a codec's first samples and a frame's time rounded to a tick may add. */
const inSync = {
  status: 'completed',
  offset: about(0, 1),
  shift: about(0, 1),
  lastShift: about(0, 1),
} as const
const frameMs = 1001 / 30
const tiny = { size: '160x90', seconds: 600, rate: '30000/1001' }

/** Where flashes and beeps lie to each other, before and after. */
export const syncCases: Case[] = [
  ...(['mp4', 'mkv', 'ts', 'mov'] as const).map(
    (extension): Case => ({
      name: `in sync in ${extension}`,
      make: () => syncFilm({ name: `sync-${extension}`, extension }),
      wants: inSync,
    }),
  ),
  {
    name: 'in sync at 29.97 over several chunks',
    make: () => syncFilm({ name: 'sync-2997', rate: '30000/1001', seconds: 40 }),
    wants: { ...inSync, offset: about(0, 2), frames: 1199 },
  },
  ...[0.3, -0.3].map(
    (delayS): Case => ({
      name: `sound starts 0.3 s ${delayS > 0 ? 'late' : 'early'}`,
      make: () => syncFilm({ name: delayS > 0 ? 'late' : 'early', delayS }),
      // Sound before the first picture is kept: the picture waits.
      wants: { ...inSync, offset: about(1000 * delayS, 1), frames: delayS > 0 ? 120 : 129 },
    }),
  ),
  ...(['aac', 'ac3'] as const).map(
    (codec): Case => ({
      name: `${codec.toUpperCase()} that changes its rate and layout in the middle`,
      make: async () => {
        const part = (n: number, rate: string, channels: string) =>
          syncFilm({
            name: `part-${n}-${codec}`,
            seconds: 3,
            extension: 'ts',
            audio: ['-c:a', codec, '-ar', rate, '-ac', channels],
            more: ['-output_ts_offset', String(3 * n)],
          })
        return concatenated(`change-${codec}.ts`, [
          await part(0, '48000', '2'),
          await part(1, codec === 'aac' ? '22050' : '44100', '1'),
        ])
      },
      // A straight decode of it is off by seconds: only what comes out can be measured.
      wants: {
        status: 'completed',
        offset: about(0, 2),
        lastOffset: about(0, 10),
        frames: about(180, 1),
        soundLength: about(6, 0.1),
      },
    }),
  ),
  {
    name: 'starts at ten hours',
    make: () => remuxed('ten-hours', syncFilm({ name: 'sync-mp4' }), ['-output_ts_offset', '36000'], 'ts'),
    wants: { ...inSync, frames: 120 },
  },
  {
    name: 'clock of a transport stream wraps in the middle',
    make: () =>
      syncFilm({ name: 'wrap', seconds: 16, extension: 'ts', more: ['-output_ts_offset', '95435.7'] }),
    wants: { ...inSync, frames: 480, chunks: 2 },
  },
  {
    name: 'starts before zero, hidden by an edit list',
    make: () =>
      syncFilm({ name: 'negative', more: ['-output_ts_offset', '-0.5', '-avoid_negative_ts', 'disabled'] }),
    wants: { ...inSync, frames: 105 },
  },
  {
    name: 'variable rate: bursts of 60 and pauses',
    make: () =>
      syncFilm({
        name: 'vfr',
        seconds: 8,
        rate: '60',
        filters: "select='if(lt(mod(t,2),1),1,not(mod(n,6)))'",
        more: ['-fps_mode', 'vfr'],
      }),
    wants: {
      status: 'completed',
      shift: about(0, frameMs / 2),
      lastShift: about(0, frameMs / 2),
      warnings: 'variable_frame_rate',
    },
  },
  {
    name: 'variable rate: pauses of any length',
    make: () =>
      syncFilm({
        name: 'pauses',
        seconds: 12,
        filters: "select='lt(n,2)+gt(random(1),0.8)+eq(mod(n,30),0)'",
        more: ['-fps_mode', 'vfr'],
      }),
    wants: {
      status: 'completed',
      shift: about(0, frameMs / 2),
      lastShift: about(0, frameMs / 2),
      warnings: 'variable_frame_rate',
    },
  },
  {
    name: 'ten minutes at 29.97',
    make: () => syncFilm({ name: 'long', ...tiny }),
    wants: { ...inSync, offset: about(0, 2), frames: 17_982 },
  },
  {
    name: 'ten minutes, a third of all frames dropped at random',
    make: () =>
      syncFilm({ name: 'drops', ...tiny, filters: "select='gt(random(1),0.3)'", more: ['-fps_mode', 'vfr'] }),
    wants: { status: 'completed', shift: about(0, 1), lastShift: about(0, 1), sameFrames: true },
  },
]
