import { parseArgs } from 'node:util'
import { z } from 'zod'
import { makeMedia } from '../clips/make.ts'
import { startBenchSystem } from './bench-system.ts'
import { cpuSeconds } from './cpu.ts'
import { markdownTable, median } from './table.ts'
import { runJob } from './watch-job.ts'

const usage = `What each profile with a picture costs and gives: CPU seconds, bytes, SSIM against the source.

npm run bench:profiles -- [--file FILE] [--seconds 20] [--rounds 3]`

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const names = ['default', 'hevc', 'av1'] as const
const rungsSchema = z.object({
  resolutions: z
    .array(z.object({ size_bytes: z.number(), quality: z.looseObject({ ssim_mean: z.number() }).nullable() }))
    .min(1),
})

const file = values.file ?? (await detailedClip(Number(values.seconds)))
const costs: Record<string, number[]> = {}
const made: Record<string, string[]> = {}

await using system = await startBenchSystem()
const worker = await system.startWorker({ name: 'worker', slots: navigator.hardwareConcurrency })
for (let round = 0; round < Number(values.rounds); round++) {
  for (const profile of names) {
    const before = cpuSeconds(worker.pid)
    await runJob(system.baseUrl, file, { profile })
    const cpuS = cpuSeconds(worker.pid) - before
    costs[profile] = [...(costs[profile] ?? []), cpuS]
    console.error(`round ${round + 1}: ${profile} ${cpuS.toFixed(1)} CPU s`)
  }
}
for (const profile of names) {
  const { video } = await runJob(system.baseUrl, file, { profile, quality: true })
  const { resolutions } = rungsSchema.parse(video)
  const bytes = resolutions.reduce((sum, rung) => sum + rung.size_bytes, 0)
  const ssim = resolutions.map(({ quality }) => quality?.ssim_mean.toFixed(4) ?? '')
  made[profile] = [bytes, resolutions[0]?.size_bytes ?? 0].map((size) => (size / 1e6).toFixed(2))
  made[profile].push(ssim[0] ?? '', ssim.at(-1) ?? '')
}

const rows = names.map((profile) => {
  const ratios = costs[profile]?.map((cost, round) => cost / (costs.default?.[round] ?? cost)) ?? []
  const [all = '', top = '', ...ssim] = made[profile] ?? []
  return [...[profile, median(costs[profile] ?? []).toFixed(1), median(ratios).toFixed(2), all, top, ...ssim]]
})
const head = ['profile', 'CPU s', 'CPU / default', 'MB, all rungs', 'MB, top', 'SSIM, top', 'SSIM, lowest']
console.log(markdownTable(head, rows))

/** 720p30: detail everywhere in a slow move. */
function detailedClip(seconds: number): Promise<string> {
  return makeMedia({
    name: `detailed-720p-${seconds}s`,
    extension: 'mp4',
    args: [
      ...['-f', 'lavfi', '-i', 'mandelbrot=size=1280x720:rate=30:maxiter=200'],
      ...['-f', 'lavfi', '-i', 'sine=frequency=220:sample_rate=48000', '-t', String(seconds)],
      ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '14'],
      ...['-c:a', 'aac', '-movflags', '+faststart'],
    ],
  })
}
