import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { until } from '../support/load.ts'
import { startTcpProxy } from '../support/proxy.ts'
import { quantile } from '../support/quantile.ts'
import { check, endsWithinMs, heavyLoad, type RowResult, startWorkers, type World } from '../support/world.ts'

const cutEveryMs = 2_000
const seenWithinMs = 10_000
/** What the server asks of its clients (`retry:`). */
const retryMs = 2_000

/** Clients follow a video, and every two seconds all their connections are cut until each has seen the end. */
export async function eventsCut(world: World): Promise<RowResult> {
  const clients = world.size === 'full' ? 100 : 20
  await using proxy = await startTcpProxy(world.system.baseUrl)
  const load = await heavyLoad(world)
  await using _ = await startWorkers(world, { name: 'sse', environments: [{}, {}] })
  await load.submitAll(2)
  const baseUrl = new URL(proxy.through(world.system.baseUrl)).origin
  const videos = load.acknowledged.map((one) => one.videoId)
  const watched = Array.from({ length: clients }, (_, n) => follow(baseUrl, videos[n % videos.length] ?? ''))
  let cuts = 0
  const cutting = new AbortController()
  const cutter = (async () => {
    while (!cutting.signal.aborted) {
      await sleep(cutEveryMs, undefined, { signal: cutting.signal }).catch(() => {})
      proxy.cut()
      cuts++
    }
  })()
  await load.untilEnded(endsWithinMs(world))
  const endedAt = Date.now()
  await until(2 * seenWithinMs, async () => {
    const blind = watched.filter((client) => client.seenAt() === null).length
    return blind === 0 || `${blind} clients have not seen the end`
  }).catch(() => {}) // who is blind is found below
  cutting.abort()
  for (const client of watched) client.stop()
  await Promise.all([cutter, ...watched.map((client) => client.stopped)])
  const findings = [...watched.flatMap((client) => client.fault()), ...(await check(world, load))]
  const late = watched.map((client) => Math.max(0, (client.seenAt() ?? Number.POSITIVE_INFINITY) - endedAt))
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  return {
    fault: `SSE cut every ${cutEveryMs / 1000} s, ${clients} clients`,
    runs: cuts,
    jobs: load.acknowledged.length,
    findings,
    measured: `the end seen after ${seconds(quantile(late, 0.5))} p50, ${seconds(Math.max(...late))} max`,
  }
}

/** One client as a browser's EventSource: connects again after `retry`, until it has seen an end. */
function follow(baseUrl: string, videoId: string) {
  const stopping = new AbortController()
  let seenAt: number | null = null
  /** When the connection was opened that brought the end, or that should have. */
  let connectedAt = 0

  const stopped = (async () => {
    while (seenAt === null && !stopping.signal.aborted) {
      await read().catch(() => {}) // cut: that is the point
      if (seenAt === null) await sleep(retryMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()

  async function read(): Promise<void> {
    const response = await fetch(`${baseUrl}/progress/${videoId}`, { signal: stopping.signal })
    connectedAt = Date.now()
    let text = ''
    for await (const piece of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
      text += piece
      if (!/^event: (completed|failed|cancelled)\r?\n.*\n\n/ms.test(text)) continue
      seenAt = Date.now()
      return
    }
  }

  function fault(): Finding[] {
    if (seenAt === null) return [{ video: videoId, fact: 'event_missed', detail: 'a client saw no end' }]
    const ms = seenAt - connectedAt
    if (ms <= seenWithinMs) return []
    return [{ video: videoId, fact: 'too_slow', detail: `a client saw the end ${ms} ms after it connected` }]
  }

  return { seenAt: () => seenAt, fault, stopped, stop: () => stopping.abort() }
}
