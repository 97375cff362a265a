import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const reportSchema = z.object({
  events: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  stopped: z.array(z.object({ events: z.number(), newest: z.number() })),
  newest: z.number(),
})

export type Readers = AsyncDisposable & {
  tell(what: 'reset' | 'stop' | 'go'): void
  report(): Promise<z.infer<typeof reportSchema>>
}

/** So many readers of a stream, the first `stopping` of which stop and go as they are told. Resolves when all are connected. */
export async function openReaders(
  url: string,
  load: { readers: number; stopping: number },
): Promise<Readers> {
  const script = join(import.meta.dirname, 'readers.ts')
  const child = fork(script, [url, String(load.readers), String(load.stopping)])
  await once(child, 'message')

  async function report() {
    child.send('report')
    const [answer] = await once(child, 'message')
    return reportSchema.parse(answer)
  }

  async function close(): Promise<void> {
    child.kill()
    await once(child, 'exit')
  }
  return { tell: (what) => void child.send(what), report, [Symbol.asyncDispose]: close }
}

/**
 * Throws where a process may not open so many sockets and 100 files beside. Node raises the soft limit to
 * the hard one by itself; the hard one only root can raise.
 */
export function checkFileLimit(readers: number): void {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const [, text = '0'] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? []
  const hard = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text)
  if (readers + 100 <= hard) return
  throw new Error(
    `${readers} readers need ${readers + 100} open files in one process, and ${hard} are allowed: raise the hard limit (ulimit -Hn) or ask for fewer --readers`,
  )
}
