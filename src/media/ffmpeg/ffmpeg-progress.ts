export type FfmpegProgress = {
  /** Frames written to the first output so far. */
  frames: number
  /** The latest time written to any output, in microseconds; with `-copyts` from the first report on. */
  outTimeUs: number
}

type Callbacks = {
  /** Frames or time have grown; a report of the same numbers is no progress. */
  onGrowth: (progress: FfmpegProgress) => void
  /** A later packet was read, as `-f framecrc` tells on the same pipe. */
  onLife: () => void
}

/** Reads the lines of `-progress`: `key=value`, of which a block ends with `progress=`. */
export function createProgressReader({ onGrowth, onLife }: Callbacks) {
  let frames = 0
  let outTimeUs = 0
  let grown = false
  let lastPacket = Number.NEGATIVE_INFINITY

  const readPair = (key: string, value: number) => {
    if (key === 'frame' && value > frames) {
      frames = value
      grown = true
    } else if (key === 'out_time_us' && value > outTimeUs) {
      outTimeUs = value
      grown = true
    } else if (key === 'progress' && grown) {
      grown = false
      onGrowth({ frames, outTimeUs })
    }
  }
  return {
    line(text: string): void {
      const [, key, value] = /^(frame|out_time_us|progress)=\s*(\S+)/.exec(text) ?? []
      if (key) readPair(key, Number(value))
      // "0,  97280,  97792,  512,  25190, 0x3ee757db": stream, decoding time, …
      const packet = /^\d+,\s*(-?\d+),/.exec(text)?.[1]
      if (packet === undefined || Number(packet) <= lastPacket) return
      lastPacket = Number(packet)
      onLife()
    },
    frames: () => frames,
  }
}
