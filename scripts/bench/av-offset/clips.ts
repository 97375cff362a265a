import { makeMedia } from '../../clips/make.ts'

export type SyncClip = { name: string; path: string }

/** 25 pictures a second divide a second, so that a flash begins exactly with its beep. */
const RATE = 25
const pulse = 'gte(t,1)*lt(mod(t,1),0.1)'
const flash = (rate: string) =>
  `color=black:size=128x96:rate=${rate},drawbox=color=white:t=fill:enable='${pulse}'`
const beep = `aevalsrc='0.8*sin(2*PI*1000*t)*${pulse}':sample_rate=48000`
const h264 = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-pix_fmt',
  'yuv420p',
  '-g',
  String(2 * RATE),
  '-bf',
  '2',
]

/**
 * Films with a flash and a beep in the same instant at each second, encoded once and put into each container:
 * as they are, with the sound or the picture moved, and behind an edit list.
 */
export async function syncClips(seconds: number): Promise<SyncClip[]> {
  const film = await encoded('sync-long', 'mp4', seconds, ['-c:a', 'aac', '-b:a', '96k'])
  const remux = async (name: string, extension: string, before: string[], after: string[] = []) => ({
    name,
    path: await makeMedia({
      name: `sync-${seconds}`,
      extension,
      args: [...before, '-i', film, ...after, '-c', 'copy'],
    }),
  })
  const moved = (name: string, extension: string, stream: 'v' | 'a', by: string) => {
    const other = stream === 'v' ? 'a' : 'v'
    const twice = ['-i', film, '-itsoffset', by]
    return remux(name, extension, twice, ['-map', `0:${other}`, '-map', `1:${stream}`])
  }
  return [
    { name: 'MP4', path: film },
    await remux('MOV', 'mov', []),
    await remux('Matroska', 'mkv', []),
    await remux('MPEG-TS', 'ts', []),
    await moved('MP4, sound 0.3 s late', 'mp4', 'a', '0.3'),
    await moved('MP4, sound 0.3 s early', 'mp4', 'v', '0.3'),
    await moved('MPEG-TS, sound 0.3 s late', 'ts', 'a', '0.3'),
    await moved('MPEG-TS, sound 0.3 s early', 'ts', 'v', '0.3'),
    await remux('MP4 cut at 0.7 s, edit list', 'mp4', ['-ss', '0.7']),
    {
      name: 'Matroska, 29.97 frames/s, AC-3',
      path: await encoded('sync-ntsc', 'mkv', seconds, ['-c:a', 'ac3'], '30000/1001'),
    },
  ]
}

function encoded(name: string, extension: string, seconds: number, sound: string[], rate = String(RATE)) {
  const inputs = [flash(rate), beep].flatMap((input) => ['-f', 'lavfi', '-i', input])
  return makeMedia({
    name: `${name}-${seconds}`,
    extension,
    args: [...inputs, '-t', String(seconds), ...h264, ...sound],
  })
}
