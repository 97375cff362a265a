import { type Encoder, x26xPresets } from './encoder.ts'

/** H.264 High. */
export const x264: Encoder = {
  library: 'libx264',
  presets: x26xPresets,
  crf: { least: 1, most: 51, whole: false },
  mostBps: 500_000_000,
  minSide: 2,
  minGopFrames: 1,
  dense: false,
  args: ({ rung, preset, gopFrames, threads }) => [
    ...['-c:v', 'libx264', '-preset', preset, '-profile:v', 'high'],
    ...['-crf', String(rung.crf)],
    ...['-maxrate', String(rung.max_bitrate_bps), '-bufsize', String(rung.buffer_bits)],
    // A closed GOP of fixed length: no key frame at scene cuts, so that all rungs and chunks agree.
    ...['-bf', '3', '-g', String(gopFrames), '-keyint_min', String(gopFrames)],
    ...['-sc_threshold', '0', '-flags', '+cgop'],
    ...['-threads', String(threads)],
  ],
  // It has no option that tells its version; each stream does, in an SEI message.
  sample: { muxer: 'h264', version: /x264 - core \S+( r\d+ \w+)?/ },
}
