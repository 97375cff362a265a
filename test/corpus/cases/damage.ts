import { readFileSync } from 'node:fs'
import type { Case } from '../support/case.ts'
import { cut, damaged, hugeHeader, hugeJpegs, lyingDuration, written } from './bytes.ts'
import { cover, film } from './sources.ts'

const refused = (error: string) => ({ status: 'failed', error, attempts: 0 }) as const
const index = ['-movflags', '+faststart']
const long = () => film({ name: 'to-damage', seconds: 10, more: index })

/** Files that are not whole, not what they say, or no films at all. */
export const damageCases: Case[] = [
  {
    name: 'an image named .mp4',
    make: async () => written('image.mp4', readFileSync(await cover('png'))),
    wants: refused('unsupported_container'),
  },
  {
    name: 'text named .mp4',
    make: async () => written('text.mp4', 'This is a letter.\n'.repeat(500)),
    wants: refused('unsupported_container'),
  },
  {
    name: 'HTML named .mp4',
    make: async () => written('page.mp4', `<!doctype html><title>404</title>${'<p>gone</p>'.repeat(500)}`),
    wants: refused('unsupported_container'),
  },
  {
    name: 'no bytes',
    make: async () => written('empty.mp4', ''),
    // By the API itself: there is no video.
    wants: { error: 'empty_source' },
  },
  {
    name: 'random bytes',
    make: async () =>
      written(
        'random.mp4',
        Buffer.from(Array.from({ length: 100_000 }, (_, i) => ((i * 2_654_435_761) >>> 11) & 255)),
      ),
    wants: refused('unsupported_container'),
  },
  {
    name: 'no index (moov)',
    make: async () => cut('no-moov.mp4', await film({ name: 'index-last-long', seconds: 6 }), 0.8),
    wants: refused('truncated_input'),
  },
  {
    name: 'cut at 60 % behind its index',
    make: async () => cut('cut.mp4', await long(), 0.6),
    wants: refused('truncated_input'),
  },
  {
    name: 'bytes overwritten in the middle',
    make: async () => damaged('damaged.mp4', await long(), 30_000),
    wants: refused('corrupt_input'),
  },
  {
    name: 'cut at 60 % behind its index, kept as it is',
    make: async () => cut('cut.mp4', await long(), 0.6),
    job: { allow_partial: true },
    wants: { status: 'completed', asSource: true, findings: 'source' },
  },
  {
    name: 'bytes overwritten in the middle, kept as it is',
    make: async () => damaged('damaged.mp4', await long(), 30_000),
    job: { allow_partial: true },
    wants: { status: 'completed', frames: 300, sameFrames: true, findings: 'source' },
  },
  {
    name: 'a transport stream cut in the middle of a picture',
    make: async () => cut('cut.ts', await film({ name: 'to-cut', extension: 'ts', seconds: 4 }), 0.613),
    wants: { status: 'completed', asSource: true },
  },
  {
    name: 'a header that promises ten times the length',
    make: async () => lyingDuration('ten-times.mp4', await film({ name: 'to-lie' }), 10),
    wants: { status: 'completed', frames: 60, asSource: true },
  },
  {
    name: 'a header that promises a tenth of the length',
    make: async () => lyingDuration('a-tenth.mp4', await film({ name: 'to-lie' }), 0.1),
    wants: { status: 'completed', frames: 60, asSource: true },
  },
  {
    name: 'a header of 32,000 × 32,000 pixels',
    make: async () => hugeHeader('huge.mp4', await film({ name: 'to-grow' }), 32_000),
    // The pictures themselves know their size.
    wants: { status: 'completed', size: '320x180', frames: 60, asSource: true },
  },
  {
    name: 'pictures that say that they are 32,000 × 32,000',
    make: async () =>
      hugeJpegs(
        'huge.avi',
        await film({ name: 'to-grow', extension: 'avi', encoder: ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'] }),
        32_000,
      ),
    wants: refused('too_large_picture'),
  },
]
