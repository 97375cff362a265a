import { execa } from 'execa'

/** Seconds at which flashes and beeps begin, on the clock of one file. */
export type Witness = { flashes: number[]; beeps: number[] }

/**
 * Looks and listens in one run: where a file's first stream is not read, ffmpeg moves the clock of a
 * transport stream to the next one.
 */
export async function witness(input: string): Promise<Witness> {
  const brightness = 'signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-'
  const { stdio } = await execa(
    'ffmpeg',
    [
      ...['-v', 'error', '-nostdin', '-i', input],
      ...['-map', '0:V:0', '-vf', `scale=16:16:flags=area,format=gray,${brightness}`],
      ...['-fps_mode', 'passthrough', '-f', 'null', '-'],
      ...['-map', '0:a:0', '-af', 'aresample=48000:async=1:first_pts=0', '-ac', '1'],
      ...['-f', 'f32le', 'pipe:3'],
    ],
    { encoding: 'buffer', maxBuffer: 512 * 2 ** 20, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  )
  return { flashes: flashesIn(Buffer.from(stdio[1]).toString()), beeps: beepsIn(Buffer.from(stdio[3])) }
}

function flashesIn(report: string): number[] {
  const frames = [...report.matchAll(/pts_time:(\S+)\n\S+YAVG=(\S+)/g)].map(([, seconds, luma]) => ({
    seconds: Number(seconds),
    bright: Number(luma) > 128,
  }))
  return frames
    .filter(({ bright }, index) => bright && !frames[index - 1]?.bright)
    .map(({ seconds }) => seconds)
}

function beepsIn(samples: Buffer): number[] {
  const found: number[] = []
  let last = Number.NEGATIVE_INFINITY
  for (let i = 0; i < samples.length / 4; i++) {
    if (Math.abs(samples.readFloatLE(4 * i)) <= 0.2) continue
    // Half a second of quiet before it: the sine itself passes through zero.
    if (i - last > 24_000) found.push(i / 48_000)
    last = i
  }
  return found
}
