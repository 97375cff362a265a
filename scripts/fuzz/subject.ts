import { z } from 'zod'
import { startSystem, type TestSystem } from '../../test/support/start-system.ts'

type Answers = {
  requests: number
  /** By status. */
  statuses: Record<string, number>
  /** `POST /jobs 500`, each once. */
  faults: string[]
}

export type Subject = AsyncDisposable & {
  baseUrl: string
  /** Two new videos and an upload, and the key of an object, which fuzzing may remove. */
  makeThings(): Promise<{ ids: string[]; keys: string[] }>
  /** What the API itself says that it answered so far, out of its log. */
  answers(): Answers
}

/** The API as it runs for real, without workers, on data of its own. */
export async function startSubject(services: { [name: string]: string }): Promise<Subject> {
  const system = await startSystem({ services, workers: 0, environment: { LOG_LEVEL: 'debug' } })

  async function makeThings() {
    const key = 'source/fuzz'
    const signal = AbortSignal.timeout(10_000)
    await system.storage.put(key, Buffer.alloc(1000), { contentType: 'application/octet-stream', signal })
    const asked = [
      ['/jobs', { source: { key } }],
      ['/jobs', { source: { url: 'https://example.org/film' } }],
      ['/uploads', {}],
    ] as const
    const ids = await Promise.all(asked.map(([path, body]) => idOf(system.baseUrl + path, body)))
    return { ids, keys: [key] }
  }

  return {
    baseUrl: system.baseUrl,
    makeThings,
    answers: createCount(system),
    [Symbol.asyncDispose]: () => system.dispose(),
  }
}

const madeSchema = z.object({ id: z.string() })
const requestSchema = z.object({
  msg: z.literal('request'),
  method: z.string(),
  path: z.string(),
  status: z.number(),
})

async function idOf(url: string, body: object): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (response.status !== 201) throw new Error(`${url} answered ${response.status}`)
  return madeSchema.parse(await response.json()).id
}

/** Counts the lines of the API's log, each once. */
function createCount({ api }: TestSystem): () => Answers {
  const answers = { requests: 0, statuses: {} as Record<string, number>, faults: new Set<string>() }
  let read = 0
  return () => {
    for (const line of api.lines.slice(read)) {
      read += 1
      const found = requestSchema.safeParse(parsed(line.slice(line.indexOf('{'))))
      if (!found.success) continue
      const { method, path, status } = found.data
      answers.requests += 1
      answers.statuses[status] = (answers.statuses[status] ?? 0) + 1
      if (status >= 500 && status !== 503) answers.faults.add(`${method} ${path} ${status}`)
    }
    return { ...answers, faults: [...answers.faults] }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // what is no entry of the log
  }
}
