import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Rung, VideoPlan } from '../../src/media/model.ts'
import { cpuSeconds } from './cpu.ts'

export type Cost = { wallS: number; cpuS: number }

/**
 * The plain form: one ffmpeg, one decode, each rung scaled from the source by itself, default threads,
 * fragmented MP4 to disk, sound as a file of its own. The encoder's settings are the plan's.
 */
export function bareArgs(file: string, folder: string, plan: VideoPlan): string[] {
  const { rungs } = plan
  const split = `[0:v:0]split=${rungs.length}${rungs.map((_, i) => `[s${i}]`).join('')}`
  const scales = rungs.map(
    (rung, i) => `[s${i}]scale=${rung.width}:${rung.height}:flags=bicubic,setsar=1,format=yuv420p[v${i}]`,
  )
  return [
    ...['-y', '-v', 'error', '-nostdin', '-i', file, '-filter_complex', [split, ...scales].join(';')],
    ...rungs.flatMap((rung, i) => ['-map', `[v${i}]`, ...encoder(plan, rung), ...output(folder, rung.name)]),
    ...sound(folder),
  ]
}

/** One ffmpeg a rung, each with its own decode, one after another; the first one makes the sound too. */
export function sequenceArgs(file: string, folder: string, plan: VideoPlan): string[][] {
  return plan.rungs.map((rung, i) => [
    ...['-y', '-v', 'error', '-nostdin', '-i', file, '-map', '0:v:0'],
    ...['-vf', `scale=${rung.width}:${rung.height}:flags=bicubic,setsar=1,format=yuv420p`],
    ...encoder(plan, rung),
    ...output(folder, rung.name),
    ...(i === 0 ? sound(folder) : []),
  ])
}

/** Runs the commands in order and measures them; their CPU is what this process's children cost. */
export async function measureFfmpeg(folder: string, commands: readonly string[][]): Promise<Cost> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const cpu = cpuSeconds('self')
  const start = performance.now()
  for (const args of commands) await run(args)
  const cost = { wallS: (performance.now() - start) / 1000, cpuS: cpuSeconds('self') - cpu }
  rmSync(folder, { recursive: true, force: true })
  return cost
}

function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}`))))
  })
}

function encoder(plan: VideoPlan, rung: Rung): string[] {
  const gop = String(plan.gop_frames)
  return [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', String(rung.crf)],
    ...['-maxrate', String(rung.max_bitrate_bps), '-bufsize', String(rung.buffer_bits), '-bf', '3'],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-flags', '+cgop'],
  ]
}

function output(folder: string, name: string): string[] {
  return [
    '-movflags',
    '+frag_keyframe+empty_moov+default_base_moof',
    '-f',
    'mp4',
    join(folder, `${name}.mp4`),
  ]
}

function sound(folder: string): string[] {
  return ['-map', '0:a:0', '-c:a', 'aac', '-b:a', '128k', '-ac', '2', ...output(folder, 'sound')]
}
