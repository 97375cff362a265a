import { makeMedia } from './make.ts'

export type ClipOptions = {
  seconds: number
  /** Default 320. */
  width?: number
  /** Default 180. */
  height?: number
  /** As ffmpeg reads it, so `30000/1001` too. Default 30. */
  fps?: number | string
  /** `shapes` moves and shows the time and the frame's number; `fractal` is all detail. Default `shapes`. */
  picture?: 'shapes' | 'fractal' | 'black'
  /** Each becomes one track: a tone of that many hertz. Default one of 440. */
  tones?: readonly number[]
  /** Default 2. */
  keyframeSeconds?: number
  /** Default `mp4`. */
  extension?: 'mp4' | 'mov' | 'mkv' | 'ts'
  /** Further output options of ffmpeg, such as `['-bf', '0']`. */
  more?: readonly string[]
}

const pictures = {
  shapes: (size: string, rate: string) => `testsrc2=size=${size}:rate=${rate}`,
  fractal: (size: string, rate: string) => `mandelbrot=size=${size}:rate=${rate}:maxiter=200`,
  black: (size: string, rate: string) => `color=black:size=${size}:rate=${rate}`,
}

/** H.264 and AAC with motion and sound, made for speed, not beauty. Returns the file's path. */
export function clip(options: ClipOptions): Promise<string> {
  const { seconds, width = 320, height = 180, fps = 30, picture = 'shapes', tones = [440] } = options
  const { extension = 'mp4', keyframeSeconds = 2, more = [] } = options
  const inputs = [
    pictures[picture](`${width}x${height}`, String(fps)),
    ...tones.map((hertz) => `sine=frequency=${hertz}:sample_rate=48000`),
  ]
  return makeMedia({
    name: `${picture}-${width}x${height}-${seconds}s`,
    extension,
    args: [
      ...inputs.flatMap((input) => ['-f', 'lavfi', '-i', input]),
      ...inputs.flatMap((_, index) => ['-map', String(index)]),
      ...[
        '-t',
        String(seconds),
        '-pix_fmt',
        'yuv420p',
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-crf',
        '26',
      ],
      ...['-force_key_frames', `expr:gte(t,n_forced*${keyframeSeconds})`, '-c:a', 'aac', '-b:a', '96k'],
      ...(extension === 'mp4' || extension === 'mov' ? ['-movflags', '+faststart'] : []),
      ...more,
    ],
  })
}

/** At each second `n` one flash and one beep of 100 ms, starting in the same instant: to measure A/V offset. */
export function syncClip(options: { seconds: number; fps?: number }): Promise<string> {
  const { seconds, fps = 30 } = options
  const pulse = 'lt(mod(t,1),0.1)'
  return makeMedia({
    name: `sync-${seconds}s`,
    extension: 'mp4',
    args: [
      ...['-f', 'lavfi', '-i', `color=black:size=640x360:rate=${fps}`],
      ...['-f', 'lavfi', '-i', `aevalsrc='0.8*sin(2*PI*1000*t)*${pulse}':sample_rate=48000`],
      ...['-vf', `drawbox=color=white:thickness=fill:enable='${pulse}'`],
      ...['-t', String(seconds), '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast'],
      ...['-g', String(2 * fps), '-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'],
    ],
  })
}

/** What the demo submits when it is given nothing: 60 s of 1080p30 with motion, sound, time and frame number. */
export function demoClip(signal?: AbortSignal): Promise<string> {
  const seconds = 60
  const left = `0.15*sin(2*PI*t*220*pow(2,mod(floor(2*t),5)/5))`
  const right = `0.15*sin(2*PI*t*330*pow(2,mod(floor(2*t),3)/3))`
  const recipe = {
    name: 'demo',
    extension: 'mp4',
    args: [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30'],
      ...['-f', 'lavfi', '-i', 'mandelbrot=size=480x270:rate=30:maxiter=400'],
      ...['-f', 'lavfi', '-i', `aevalsrc='${left}|${right}':sample_rate=48000`],
      '-filter_complex',
      // testsrc2 draws its counter by itself, without a font; enlarged threefold it can be read.
      `[0]scale=1920:1080:flags=neighbor[back];[1]scale=960:540[front];` +
        `[back][front]overlay=x='(W-w)/2+300*sin(t)':y='(H-h)/2',format=yuv420p[v]`,
      ...['-map', '[v]', '-map', '2', '-t', String(seconds)],
      ...['-c:v', 'libx264', '-preset', 'superfast', '-crf', '26', '-g', '60'],
      ...['-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'],
    ],
  }
  return makeMedia(recipe, signal)
}
