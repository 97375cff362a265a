import type { Encoder } from './encoder.ts'

/** AV1 Main. */
export const svtAv1: Encoder = {
  library: 'libsvtav1',
  presets: Array.from({ length: 13 }, (_, preset) => String(preset)),
  crf: { least: 1, most: 63, whole: true },
  // It takes 100 Mb/s.
  mostBps: 66_000_000,
  // `Source Width must be at least 64`.
  minSide: 64,
  // It cannot make every frame a key frame (1.4.1).
  minGopFrames: 2,
  dense: true,
  args: ({ rung, preset, gopFrames, threads }) => [
    ...['-c:v', 'libsvtav1', '-preset', preset],
    // Its capped CRF: a ceiling on the average, without a buffer.
    ...['-crf', String(rung.crf), '-maxrate', String(rung.max_bitrate_bps)],
    ...['-g', String(gopFrames), '-threads', String(threads)],
    // Key frames and no forward references over them (`irefresh-type`), none at scene cuts (`scd`).
    ...['-svtav1-params', `lp=${threads}:irefresh-type=2:scd=0`],
  ],
  sample: { muxer: 'obu', version: /SVT-AV1 Encoder Lib \S+/ },
}
