import { execa } from 'execa'

/** Milliseconds from a flash to its beep: of the first and of the last pair. */
export type Offsets = { firstMs: number; lastMs: number }

/** Decodes a file whole; both streams keep the times of the container, edit lists applied. */
export async function measureOffsets(path: string): Promise<Offsets> {
  const [flashes, beeps] = [await flashTimes(path), await beepTimes(path)]
  const offset = (flash = Number.NaN) => {
    // The nearest one: a moved sound has a beep less, or one more.
    const nearest = beeps.reduce((best, beep) =>
      Math.abs(beep - flash) < Math.abs(best - flash) ? beep : best,
    )
    return 1000 * (nearest - flash)
  }
  return { firstMs: offset(flashes[0]), lastMs: offset(flashes.at(-1)) }
}

/** Seconds at which a picture turns bright. */
async function flashTimes(path: string): Promise<number[]> {
  const filters = 'scale=2:2:flags=area,signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-'
  const bytes = await decoded(path, [
    '-map',
    '0:v',
    '-vf',
    filters,
    '-fps_mode',
    'passthrough',
    '-f',
    'null',
    '-',
  ])
  const times: number[] = []
  let wasBright = false
  for (const [, time = '', luma = ''] of bytes.toString().matchAll(/pts_time:(\S+)\n\S+YAVG=(\S+)/g)) {
    const isBright = Number(luma) > 120
    if (isBright && !wasBright) times.push(Number(time))
    wasBright = isBright
  }
  return times
}

/** Seconds at which a tone begins; the sound is filled up from time 0. */
async function beepTimes(path: string): Promise<number[]> {
  const filters = 'aresample=48000:async=1:first_pts=0'
  const bytes = await decoded(path, ['-map', '0:a', '-af', filters, '-ac', '1', '-f', 's16le', '-'])
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2))
  const times: number[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < 0.2 * 32_768) continue
    if (index - last > 24_000) times.push(index / 48_000)
    last = index
  }
  return times
}

async function decoded(path: string, output: string[]): Promise<Buffer> {
  const args = ['-v', 'error', '-nostdin', '-copyts', '-i', path, ...output]
  const { stdout } = await execa('ffmpeg', args, { encoding: 'buffer', maxBuffer: 2 ** 30 })
  return Buffer.from(stdout)
}
