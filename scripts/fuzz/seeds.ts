import { makeMedia } from '../clips/make.ts'

const picture = (size: string, rate = '25') => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=${size}:rate=${rate}:duration=1`,
]
const sound = ['-f', 'lavfi', '-i', 'sine=duration=1:sample_rate=44100']
const x264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '12']
const film = [...picture('96x64'), ...sound, '-shortest', '-fflags', '+bitexact', '-flags', '+bitexact']

/** A second of film or sound in each container that is accepted, with the usual codecs of it. */
const recipes = {
  mp4: { extension: 'mp4', args: [...film, ...x264, '-c:a', 'aac'] },
  front: { extension: 'mp4', args: [...film, ...x264, '-c:a', 'aac', '-movflags', '+faststart'] },
  fragmented: {
    extension: 'mp4',
    args: [...film, ...x264, '-c:a', 'aac', '-movflags', '+frag_keyframe+empty_moov'],
  },
  mov: { extension: 'mov', args: [...film, '-c:v', 'mjpeg', '-q:v', '9', '-c:a', 'pcm_s16le'] },
  matroska: { extension: 'mkv', args: [...film, ...x264, '-c:a', 'flac'] },
  webm: {
    extension: 'webm',
    args: [...film, '-c:v', 'libvpx', '-deadline', 'realtime', '-b:v', '100k', '-c:a', 'libvorbis'],
  },
  transport: { extension: 'ts', args: [...film, '-c:v', 'mpeg2video', '-c:a', 'mp2'] },
  program: { extension: 'mpg', args: [...picture('96x64'), '-c:v', 'mpeg1video', '-bitexact'] },
  avi: { extension: 'avi', args: [...film, '-c:v', 'mpeg4', '-bf', '2', '-c:a', 'libmp3lame'] },
  flash: { extension: 'flv', args: [...film, ...x264, '-c:a', 'aac'] },
  windows: { extension: 'asf', args: [...film, '-c:v', 'wmv2', '-c:a', 'wmav2'] },
  ogg: { extension: 'ogv', args: [...film, '-c:v', 'libtheora', '-c:a', 'libvorbis'] },
  broadcast: {
    extension: 'mxf',
    args: [...picture('96x64'), '-c:v', 'mpeg2video', '-bitexact'],
  },
  wave: { extension: 'wav', args: [...sound, '-bitexact'] },
  song: { extension: 'mp3', args: [...sound, '-bitexact'] },
} as const

/** Their paths, by name. */
export async function makeSeeds(): Promise<{ name: string; path: string }[]> {
  const seeds: { name: string; path: string }[] = []
  for (const [name, { extension, args }] of Object.entries(recipes)) {
    seeds.push({ name, path: await makeMedia({ name: `seed-${name}`, extension, args }) })
  }
  return seeds
}
