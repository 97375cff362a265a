import { spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import { createFragmentReader } from '../../src/media/mp4/fragments.ts'

/** The muxer as in MEDIA.md §1. */
const MUX = ['-map_metadata', '-1', '-map_chapters', '-1', '-fflags', '+bitexact', '-f', 'mp4']
const FLAGS = '+empty_moov+default_base_moof+delay_moov+skip_trailer'

/** 30 frames a second, a frame lasting 1000 units of the track's timescale of 30,000. */
export const FRAME_DURATION = 1000
export const GOP_FRAMES = 15

/**
 * A video chunk with the flags of MEDIA.md §1: frames `firstFrame` up to `firstFrame + frames` of a
 * generated film, one output a width. `lostHead` frames are missing at its start, as after a bad seek.
 */
export function encodeVideoSample(options: {
  widths: readonly number[]
  firstFrame?: number
  frames: number
  lostHead?: number
}): Promise<Buffer[]> {
  const { widths, firstFrame = 0, frames, lostHead = 0 } = options
  const end = firstFrame + frames
  const grid = `fps=fps=30/1:round=near,trim=start_pts=${firstFrame + lostHead}:end_pts=${end},setpts=PTS-${firstFrame}`
  const split = `split=${widths.length}${widths.map((_, i) => `[s${i}]`).join('')}`
  const scales = widths.map(
    (width, i) => `;[s${i}]scale=${width}:${width / 2}:flags=bicubic,setsar=1,format=yuv420p[v${i}]`,
  )
  const outputs = widths.flatMap((_, i) => [
    ...['-map', `[v${i}]`, '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high'],
    ...['-crf', '23', '-maxrate', '800k', '-bufsize', '1600k', '-bf', '3', '-g', `${GOP_FRAMES}`],
    ...['-keyint_min', `${GOP_FRAMES}`, '-sc_threshold', '0', '-flags', '+cgop', '-threads', '1'],
    ...['-fps_mode', 'passthrough', '-video_track_timescale', '30000'],
    ...['-movflags', `+frag_keyframe${FLAGS}`, ...MUX, `pipe:${3 + i}`],
  ])
  const source = ['-f', 'lavfi', '-i', `testsrc2=s=128x64:r=30:d=${(end + 1) / 30}`]
  const graph = `[0:v:0]setpts=PTS-(0),${grid},${split}${scales.join('')}`
  return runFfmpeg(
    ['-copyts', '-threads', '1', ...source, '-filter_complex', graph, ...outputs],
    widths.length,
  )
}

/** An audio track with the flags of MEDIA.md §1: fragments of 4 s, 48 kHz. */
export async function encodeAudioSample(seconds: number): Promise<Buffer> {
  const [output] = await runFfmpeg(
    [
      ...['-f', 'lavfi', '-i', `sine=f=440:r=44100:d=${seconds}`, '-copyts'],
      ...['-af', 'aresample=48000:async=1:first_pts=0:min_hard_comp=0.100', '-ac', '2', '-c:a', 'aac'],
      ...['-b:a', '128k', '-movflags', FLAGS, '-frag_duration', '4000000', ...MUX, 'pipe:3'],
    ],
    1,
  )
  return output ?? Buffer.alloc(0)
}

/** Half a second of picture or sound in fragmented MP4; the arguments map it and name the encoder. */
export async function encodeWith(codec: readonly string[]): Promise<Buffer> {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=128x64:r=10:d=0.5', '-f', 'lavfi', '-i', 'sine=d=0.5']
  const [output] = await runFfmpeg([...source, ...codec, '-movflags', FLAGS, ...MUX, 'pipe:3'], 1)
  return output ?? Buffer.alloc(0)
}

/** Cuts an output of ffmpeg into its init and its fragments. */
export function readFragments(output: Buffer): { init: Buffer; fragments: [moof: Buffer, mdat: Buffer][] } {
  let init = Buffer.alloc(0)
  const fragments: [Buffer, Buffer][] = []
  const reader = createFragmentReader({
    onInit: (bytes) => {
      init = Buffer.from(bytes)
    },
    onFragment: (moof, mdat) => fragments.push([moof, mdat]),
  })
  reader.push(output)
  reader.end()
  return { init, fragments }
}

/** What ffprobe says of an MP4 held in memory, as its JSON. */
export async function probe(mp4: Buffer, args: readonly string[]): Promise<unknown> {
  const child = spawn('ffprobe', ['-v', 'error', '-of', 'json', ...args, '-i', 'pipe:0'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => {}) // ffprobe may close its end before it has read everything
  child.stdin.end(mp4)
  return JSON.parse(String(await buffer(child.stdout)))
}

async function runFfmpeg(args: readonly string[], outputs: number): Promise<Buffer[]> {
  const child = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', ...args], {
    stdio: ['ignore', 'ignore', 'pipe', ...Array<'pipe'>(outputs).fill('pipe')],
  })
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  )
  const [stderr, ...results] = await Promise.all(
    child.stdio.slice(2).map((stream) => (stream && 'read' in stream ? buffer(stream) : Buffer.alloc(0))),
  )
  const code = await ended
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}: ${stderr}`)
  return results
}
