import { clip } from '../clips/clip.ts'
import { makeMedia } from '../clips/make.ts'

/**
 * Hard 1080p30 content: moving shapes and fine detail, with sound. `bitrateMbps` adds the grain of a
 * camera and keeps to that rate; otherwise the rate follows the content.
 */
export function benchClip(options: { seconds: number; bitrateMbps: number | null }): Promise<string> {
  const { seconds, bitrateMbps } = options
  const rate =
    bitrateMbps === null
      ? ['-crf', '23']
      : ['-b:v', `${bitrateMbps}M`, '-maxrate', `${bitrateMbps}M`, '-bufsize', `${bitrateMbps}M`]
  const grain = bitrateMbps === null ? '' : ',noise=alls=12:allf=t'
  return makeMedia({
    name: `bench-${seconds}s${bitrateMbps === null ? '' : `-${bitrateMbps}M`}`,
    extension: 'mp4',
    args: [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=1920x1080:rate=30'],
      ...['-f', 'lavfi', '-i', 'mandelbrot=size=480x270:rate=30:maxiter=200'],
      ...['-f', 'lavfi', '-i', 'sine=frequency=220:beep_factor=4:sample_rate=48000'],
      '-filter_complex',
      `[1]scale=1280:720:flags=bicubic[front];[0][front]overlay=x='(W-w)/2+200*sin(t)':y='(H-h)/2'${grain},format=yuv420p[v]`,
      ...[
        '-map',
        '[v]',
        '-map',
        '2',
        '-t',
        String(seconds),
        '-c:v',
        'libx264',
        '-preset',
        'superfast',
        ...rate,
      ],
      ...['-g', '60', '-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart'],
    ],
  })
}

/** Any small video, where only its being there counts. */
export function shortFile(): Promise<string> {
  return clip({ seconds: 2 })
}
