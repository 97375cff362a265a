import { type Encoder, x26xPresets } from './encoder.ts'

/** It refuses more. */
const mostFrameThreads = 16

/** HEVC Main. */
export const x265: Encoder = {
  library: 'libx265',
  presets: x26xPresets,
  crf: { least: 1, most: 51, whole: false },
  mostBps: 500_000_000,
  // One coding tree unit, which it shrinks to 16×16 at most.
  minSide: 16,
  minGopFrames: 1,
  dense: true,
  args: ({ rung, preset, gopFrames, threads }) => [
    ...['-c:v', 'libx265', '-preset', preset, '-profile:v', 'main'],
    ...['-crf', String(rung.crf)],
    ...['-maxrate', String(rung.max_bitrate_bps), '-bufsize', String(rung.buffer_bits)],
    ...['-bf', '3', '-g', String(gopFrames), '-keyint_min', String(gopFrames)],
    ...['-threads', String(threads)],
    // Parameter sets in the init alone: what Apple's players ask for (HLS authoring specification 1.10).
    ...['-tag:v', 'hvc1'],
    ...['-x265-params', parameters(threads)],
  ],
  sample: { muxer: 'hevc', version: /x265 \(build \d+\) - \S+/ },
}

function parameters(threads: number): string {
  return [
    // As with x264: a closed GOP of fixed length.
    ...['open-gop=0', 'scenecut=0'],
    // Its options in an SEI message, the number of threads among them, would be part of the init.
    'info=0',
    // Without a pool it takes one of all cores; with none it drops wavefronts, which the init tells of.
    ...[`pools=${threads}`, `frame-threads=${Math.min(threads, mostFrameThreads)}`],
    // It warns of each odd size.
    'log-level=error',
  ].join(':')
}
