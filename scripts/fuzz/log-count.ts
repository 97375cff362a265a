import { z } from 'zod'
import type { AppProcess } from '../../test/support/app-process.ts'

export type Answers = {
  requests: number
  /** By status. */
  statuses: Record<string, number>
  /** `POST /jobs 500`, and lines that are no entries or tell of a fault of ours, each once. */
  faults: string[]
}

const entrySchema = z.object({
  level: z.string(),
  msg: z.string(),
  method: z.string().optional(),
  path: z.string().optional(),
  status: z.number().optional(),
  code: z.string().optional(),
})

/** Counts the lines of the API's log, each once: what the API itself says that it answered so far. */
export function createLogCount(api: AppProcess): () => Answers {
  const answers = { requests: 0, statuses: {} as Record<string, number>, faults: new Set<string>() }
  let read = 0

  function count(line: string): void {
    const found = entrySchema.safeParse(parsed(line))
    if (!found.success) {
      answers.faults.add(line)
      return
    }
    const { level, msg, method = '', path = '', status = 0, code } = found.data
    if (msg === 'request') {
      answers.requests += 1
      answers.statuses[status] = (answers.statuses[status] ?? 0) + 1
      if (status >= 500 && status !== 503) answers.faults.add(`${method} ${path} ${status}`)
    } else if (level !== 'info' && level !== 'debug' && code !== 'probe_busy') answers.faults.add(line)
  }

  return () => {
    const lines = api.lines.slice(read)
    read += lines.length
    for (const line of lines) count(line.slice('api '.length))
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
