export type FfmpegProgress = {
  /** Frames written to the first output so far. */
  frames: number
  /** The latest time written to any output, in microseconds. */
  outTimeUs: number
}

/**
 * Reads the `key=value` lines of `-progress`, of which a block ends with `progress=`. Calls back
 * only when a value has grown: what stands still is no progress.
 */
export function createProgressReader(onGrowth: (progress: FfmpegProgress) => void) {
  let frames = 0
  let outTimeUs = 0
  let grown = false
  return {
    line(text: string): void {
      const [, key, value] = /^(frame|out_time_us|progress)=\s*(\S+)/.exec(text) ?? []
      const number = Number(value)
      if (key === 'frame' && number > frames) {
        frames = number
        grown = true
      } else if (key === 'out_time_us' && number > outTimeUs) {
        outTimeUs = number
        grown = true
      } else if (key === 'progress' && grown) {
        grown = false
        onGrowth({ frames, outTimeUs })
      }
    },
    frames: () => frames,
  }
}
