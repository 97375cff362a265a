import { about, type Case } from '../support/case.ts'
import { film, syncFilm } from './sources.ts'

const at = (rate: string, frames: number, result = rate): Case => ({
  name: `${rate} frames a second`,
  make: () => film({ name: `rate-${rate.replace('/', '-')}`, rate, seconds: 2 }),
  wants: { status: 'completed', frameRate: result, frames, sameFrames: true },
})

/** Frame rates, constant, variable and absurd. */
export const rateCases: Case[] = [
  at('24000/1001', 48),
  at('25', 50, '25/1'),
  at('30000/1001', 60),
  at('50', 100, '50/1'),
  at('60000/1001', 120),
  at('120', 120, '60/1'),
  at('240', 120, '60/1'),
  at('5', 10, '5/1'),
  {
    name: '0.5 frames a second',
    make: () => film({ name: 'rate-half', rate: '1/2', seconds: 12 }),
    wants: { status: 'completed', frameRate: '1/2', frames: 6 },
  },
  {
    name: 'variable rate: bursts and pauses',
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
      lastOffset: about(0, 40),
      warnings: 'variable_frame_rate',
      sameFrames: true,
    },
  },
  {
    name: 'a third of all frames dropped at random',
    make: () =>
      syncFilm({
        name: 'drops',
        seconds: 8,
        filters: "select='gt(random(1),0.3)'",
        more: ['-fps_mode', 'vfr'],
      }),
    wants: { status: 'completed', lastOffset: about(0, 70), sameFrames: true },
  },
  {
    name: 'timestamps doubled and out of order',
    make: () =>
      film({
        name: 'doubled',
        extension: 'mkv',
        seconds: 2,
        filters: "setpts='if(mod(N,5),N,N-1)/30/TB'",
        more: ['-fps_mode', 'passthrough', '-enc_time_base', '1/1000'],
      }),
    wants: { status: 'completed', frames: about(60, 1), sameFrames: true },
  },
  {
    name: 'a header that says 90,000 frames a second',
    make: () =>
      film({ name: 'ticks', extension: 'mp4', more: ['-video_track_timescale', '90000', '-r', '30'] }),
    wants: { status: 'completed', frameRate: '30/1', frames: 60 },
  },
]
