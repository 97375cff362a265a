import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { choosePort } from '../stack/ports.ts'
import { untilItAnswers } from '../stack/ready.ts'
import { shortFile } from './bench-clip.ts'
import { startBenchSystem } from './bench-system.ts'
import { cpuSeconds } from './cpu.ts'
import { markdownTable, median } from './table.ts'

const usage = `POST /jobs at 32 connections beside a bare Hono handler that does one INSERT and one XADD.

npm run bench:submit -- [--requests 20000] [--rounds 3]

"url": the job names a URL (rows, wake the courier). "key": it names an uploaded object, which is looked up
in the store first, to pin its ETag.`

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(usage)
  process.exit(0)
}

const connections = 32
type Load = { perSecond: number; p99Ms: number; cpuUs: number }

await using system = await startBenchSystem()
const key = await uploadFile({ baseUrl: system.baseUrl, path: await shortFile() })
const port = await choosePort(8190)
const bareUrl = `http://127.0.0.1:${port}`
const bareServer = system.stack.processes.start({
  name: 'bare',
  command: process.execPath,
  args: [join(import.meta.dirname, 'bare-submit.ts')],
  environment: { ...process.env, ...system.stack.environment, PORT: String(port) },
  output: '.local/bench/logs/bare.log',
})
const byUrl = { source: { url: 'https://example.org/film.mp4' }, title: 'Film', metadata: { course: 7 } }
const byKey = { ...byUrl, source: { key } }
await untilItAnswers({
  name: 'the bare server',
  probe: () => post(bareUrl, byUrl),
  process: bareServer,
  logFile: '.local/bench/logs/bare.log',
})

const names = ['bare', 'url', 'bareKey', 'key'] as const
const loads: Record<(typeof names)[number], Load[]> = { bare: [], url: [], bareKey: [], key: [] }
// A first, smaller round warms up caches and compilers and is thrown away.
for (let round = 0; round <= Number(values.rounds); round++) {
  const requests = round === 0 ? 2_000 : Number(values.requests)
  const measured = {
    bare: await load(bareUrl, byUrl, requests, bareServer.pid),
    url: await load(system.baseUrl, byUrl, requests, system.api.pid),
    bareKey: await load(bareUrl, byKey, requests, bareServer.pid),
    key: await load(system.baseUrl, byKey, requests, system.api.pid),
  }
  if (round === 0) continue
  for (const name of names) loads[name].push(measured[name])
  console.error(`round ${round}:`, JSON.stringify(measured))
}

const row = (title: string, name: keyof typeof loads, floor: keyof typeof loads) => [
  title,
  median(loads[name].map((one) => one.perSecond)).toFixed(0),
  median(loads[name].map((one) => one.p99Ms)).toFixed(1),
  median(loads[name].map((one) => one.cpuUs)).toFixed(0),
  median(loads[name].map((one, round) => one.perSecond / (loads[floor][round]?.perSecond ?? 1))).toFixed(2),
]
console.log(
  markdownTable(
    ['', 'requests/s', 'p99 ms', 'CPU µs each', '/ bare'],
    [
      row('bare INSERT + XADD', 'bare', 'bare'),
      row('POST /jobs, url', 'url', 'bare'),
      row('bare HEAD + INSERT + XADD', 'bareKey', 'bareKey'),
      row('POST /jobs, key', 'key', 'bareKey'),
    ],
  ),
)

async function load(baseUrl: string, body: object, requests: number, pid: number): Promise<Load> {
  const pool = new Pool(baseUrl, { connections, pipelining: 1 })
  const text = JSON.stringify(body)
  const times: number[] = []
  let left = requests
  const cpu = cpuSeconds(pid)
  const start = performance.now()
  const one = async () => {
    while (left-- > 0) {
      const sent = performance.now()
      const response = await pool.request({
        method: 'POST',
        path: '/jobs',
        headers: { 'content-type': 'application/json' },
        body: text,
      })
      await response.body.dump()
      if (response.statusCode !== 201) throw new Error(`HTTP ${response.statusCode}`)
      times.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  const seconds = (performance.now() - start) / 1000
  const cpuUs = ((cpuSeconds(pid) - cpu) / requests) * 1e6
  await pool.close()
  times.sort((a, b) => a - b)
  return { perSecond: requests / seconds, p99Ms: times[Math.floor(requests * 0.99)] ?? 0, cpuUs }
}

async function post(baseUrl: string, body: object): Promise<void> {
  const response = await fetch(`${baseUrl}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
}
