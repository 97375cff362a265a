import { about, type Case } from '../support/case.ts'
import { lyingFrameDuration } from './bytes.ts'
import { film } from './sources.ts'

type Rate = { rate: string; frames: number; keyFrames: number }

const short = ({ rate }: Rate) => film({ name: `rate-${rate.replace('/', '-')}`, rate, seconds: 5 })

const kept = (one: Rate): Case => ({
  name: `${one.rate} frames a second`,
  make: () => short(one),
  wants: {
    status: 'completed',
    frameRate: one.rate.includes('/') ? one.rate : `${one.rate}/1`,
    frames: one.frames,
    asSource: true,
    keyFrames: about(one.keyFrames, 0.002),
  },
})

const halved = (one: Rate, everyNth: string): Case => ({
  name: `${one.rate} frames a second`,
  make: () => short(one),
  wants: {
    status: 'completed',
    frameRate: '60/1',
    frames: one.frames,
    sameFrames: true,
    everyNth,
    keyFrames: about(one.keyFrames, 0.002),
    warnings: 'frame_rate_reduced',
  },
})

/** Frame rates, constant, variable and absurd. */
export const rateCases: Case[] = [
  kept({ rate: '24000/1001', frames: 120, keyFrames: 2.002 }),
  kept({ rate: '25', frames: 125, keyFrames: 2 }),
  kept({ rate: '30000/1001', frames: 150, keyFrames: 2.002 }),
  kept({ rate: '50', frames: 250, keyFrames: 2 }),
  kept({ rate: '60000/1001', frames: 300, keyFrames: 2.002 }),
  halved({ rate: '120', frames: 300, keyFrames: 2 }, '2'),
  halved({ rate: '240', frames: 300, keyFrames: 2 }, '4'),
  kept({ rate: '5', frames: 25, keyFrames: 2 }),
  {
    name: '0.5 frames a second',
    make: () => film({ name: 'rate-half', rate: '1/2', seconds: 12 }),
    wants: { status: 'completed', frameRate: '1/2', frames: 6, asSource: true, keyFrames: about(2, 0.002) },
  },
  {
    name: 'pictures that stand still for 5.5 and 7 s',
    make: () =>
      film({
        name: 'frozen',
        seconds: 24,
        filters: "select='not(between(t,3,8.5)+between(t,12,19))'",
        more: ['-fps_mode', 'vfr'],
      }),
    wants: { status: 'completed', frameRate: '30/1', frames: 720, inOrder: true, keyFrames: about(2, 0.002) },
  },
  {
    name: 'timestamps doubled and out of order',
    make: () =>
      film({
        name: 'doubled',
        extension: 'mkv',
        filters: "setpts='if(mod(N,5),N,N-1)/30/TB'",
        more: ['-fps_mode', 'passthrough', '-enc_time_base', '1/1000'],
      }),
    wants: { status: 'completed', frames: about(60, 1), sameFrames: true },
  },
  {
    name: 'frames a little early and late: 90,000 a second, says ffprobe',
    make: () =>
      film({
        name: 'jitter',
        seconds: 4,
        filters: "settb=1/90000,setpts='(N/30+0.02*random(0))/TB'",
        more: ['-fps_mode', 'passthrough', '-enc_time_base', '1/90000', '-video_track_timescale', '90000'],
      }),
    wants: {
      status: 'completed',
      frameRate: '30000/1001',
      frames: about(120, 1),
      sameFrames: true,
      keyFrames: about(2.002, 0.001),
    },
  },
  {
    name: 'a header that says 90,000 frames a second',
    make: async () =>
      lyingFrameDuration('ticks.mkv', await film({ name: 'to-tick', extension: 'mkv' }), 11_111),
    wants: { status: 'completed', frameRate: '30/1', frames: 60, asSource: true },
  },
]
