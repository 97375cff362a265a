import { parseArgs } from 'node:util'
import { z } from 'zod'
import type { Video } from '../../src/cli/client/video.ts'
import { startBenchSystem } from './bench-system.ts'
import { contentFile, contentNames } from './per-title/contents.ts'
import { type Made, makeVideo, rungAt, ssimOnScreen } from './per-title/run.ts'
import { markdownTable } from './table.ts'

const usage = `What fitting the ladder to the content saves, and what a viewer then sees, on kinds of generated film.

npm run bench:per-title -- [--seconds 16] [--only "still slides"]`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '16' },
    only: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const bandwidths = [500_000, 1_000_000, 2_000_000, 4_000_000]
const qualitySchema = z.object({ ssim_mean: z.number() })
const costs: string[][] = []
const views: string[][] = []

await using system = await startBenchSystem()
const worker = await system.startWorker({ name: 'worker', slots: 1 })
for (const name of values.only ?? contentNames) {
  const path = await contentFile(name, Number(values.seconds))
  const make = (perTitle: boolean) =>
    makeVideo({ baseUrl: system.baseUrl, worker: worker.pid, path, perTitle })
  const [fixed, fitted] = [await make(false), await make(true)]
  costs.push(costRow(name, fixed, fitted))
  views.push(await viewRow(name, path, fixed.video, fitted.video))
  console.error(costs.at(-1)?.join(' | '), '|', views.at(-1)?.join(' | '))
}
await worker.stop()
console.log(
  markdownTable(
    [
      'content',
      'rungs left',
      'MB fixed',
      'MB fitted',
      'saved',
      'CPU s fixed',
      'CPU s fitted',
      'of it sampling',
      'SSIM of rungs in both',
    ],
    costs,
  ),
)
console.log()
console.log(
  markdownTable(['content', ...bandwidths.map((bps) => `${bps / 1e6} Mb/s: fixed → fitted`)], views),
)

function costRow(name: string, fixed: Made, fitted: Made): string[] {
  const [before, after] = [bytesOf(fixed.video), bytesOf(fitted.video)]
  // The plan of a fixed ladder is the probe alone.
  const samplingS = Math.max(0, fitted.planCpuS - fixed.planCpuS)
  return [
    name,
    fitted.video.resolutions.map((rung) => rung.name).join(' '),
    (before / 1e6).toFixed(2),
    (after / 1e6).toFixed(2),
    `${Math.round(100 * (1 - after / before))} %`,
    fixed.cpuS.toFixed(1),
    fitted.cpuS.toFixed(1),
    samplingS.toFixed(1),
    changeOf(fixed.video, fitted.video),
  ]
}

function bytesOf(video: Video): number {
  return video.resolutions.reduce((sum, rung) => sum + (rung.size_bytes ?? 0), 0)
}

/** Where it changed most, by the figures of the quality tasks. */
function changeOf(fixed: Video, fitted: Video): string {
  const changes = fitted.resolutions.map((rung) => {
    const other = fixed.resolutions.find(({ name }) => name === rung.name)
    return qualitySchema.parse(rung.quality).ssim_mean - qualitySchema.parse(other?.quality).ssim_mean
  })
  const [worst = 0] = changes.sort((a, b) => Math.abs(b) - Math.abs(a))
  return Math.abs(worst) < 0.00005
    ? 'the same'
    : `${worst > 0 ? '+' : '−'}${Math.abs(worst).toFixed(4)} at most`
}

async function viewRow(name: string, path: string, fixed: Video, fitted: Video): Promise<string[]> {
  const known = new Map<string, Promise<number>>()
  const see = async (video: Video, bps: number): Promise<string> => {
    const rung = rungAt(video, bps)
    const key = rung.mp4_url ?? ''
    const ssim = known.get(key) ?? ssimOnScreen(system.baseUrl, rung, path)
    known.set(key, ssim)
    return `${rung.name} ${(await ssim).toFixed(4)}`
  }
  const cells: string[] = []
  for (const bps of bandwidths) cells.push(`${await see(fixed, bps)} → ${await see(fitted, bps)}`)
  return [name, ...cells]
}
