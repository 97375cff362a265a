import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** A folder that goes when its scope ends. */
export async function createScratch() {
  const path = await mkdtemp(join(tmpdir(), 'stepladder-media-'))
  return {
    path,
    /** Makes a file with ffmpeg; the arguments are all but the output. */
    async make(name: string, ...args: string[]): Promise<void> {
      await execa('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, join(path, name)])
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** Lavfi input of a moving test picture. */
export const picture = (size: string, rate: string, seconds: number): string[] => [
  ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`],
]

export const tone = (seconds: number, rate = 48_000): string[] => [
  ...['-f', 'lavfi', '-i', `sine=duration=${seconds}:sample_rate=${rate}`],
]

/** Ids of the running processes whose command line contains `token`. */
export async function processesWith(token: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))
  return ids.filter((_, index) => commands[index]?.includes(token))
}
