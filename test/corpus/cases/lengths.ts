import type { Case } from '../support/case.ts'
import { film } from './sources.ts'

/** From one frame to hours. */
export const lengthCases: Case[] = [
  {
    name: 'one frame',
    make: () => film({ name: 'one', sound: false, more: ['-frames:v', '1'] }),
    wants: { status: 'completed', frames: 1, asSource: true },
  },
  {
    name: 'a tenth of a second',
    make: () => film({ name: 'tenth', seconds: 0.1 }),
    wants: { status: 'completed', frames: 3, asSource: true },
  },
  {
    name: 'a whole number of segments',
    make: () => film({ name: 'segments', seconds: 10 }),
    wants: { status: 'completed', frames: 300, asSource: true, chunks: 1 },
  },
  {
    name: 'exactly as long as its chunks',
    make: () => film({ name: 'chunks', seconds: 14 }),
    wants: { status: 'completed', frames: 420, asSource: true, chunks: 2 },
  },
  {
    name: 'one frame more than that',
    make: () => film({ name: 'chunks-and-one', seconds: 14.0333 }),
    wants: { status: 'completed', frames: 421, asSource: true, chunks: 2 },
  },
  {
    name: 'three hours at one frame a second',
    make: () => film({ name: 'hours', seconds: 10_800, rate: '1', size: '64x64', sound: false }),
    wants: { status: 'completed', frames: 10_800, asSource: true, frameRate: '1/1' },
  },
]
