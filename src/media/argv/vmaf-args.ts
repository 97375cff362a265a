import type { Rung } from '../model.ts'

/** libvmaf halves a picture four times: one of 16 pixels ends the program (libvmaf of ffmpeg 9.0.2). */
const MIN_SIDE = 32

export const hasVmaf = ({ width, height }: Rung): boolean => Math.min(width, height) >= MIN_SIDE

/** In the folder that ffmpeg runs in. */
export const vmafLog = (index: number): string => `vmaf-${index}.csv`

/** The most that the log of a rung may take: a line has some 170 bytes, the header 300. */
export const maxVmafLogBytes = (frames: number): number => 1024 * (frames + 4)

/**
 * The filter, without its inputs (the rung, the source). It gives its frames no figures, so they come
 * from the log that it writes at its end; not to a pipe, which it cannot open (ours are sockets).
 */
export const vmafFilter = (index: number, sync: string): string =>
  // One thread, for the default of older versions is one a core.
  `libvmaf=n_threads=1:log_fmt=csv:log_path=${vmafLog(index)}:${sync}`
