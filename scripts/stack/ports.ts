import { once } from 'node:events'
import { createServer } from 'node:net'

/** Handed out by this process already, though nobody may listen there yet. */
const taken = new Set<number>()

/** A port on the loopback address where nobody listens: `preferred` if it is free, else any. */
export async function choosePort(preferred = 0): Promise<number> {
  for (const port of [preferred, ...Array<number>(20).fill(0)]) {
    const found = taken.has(port) ? null : await tryPort(port)
    if (found === null || taken.has(found)) continue
    taken.add(found)
    return found
  }
  throw new Error('no free port on the loopback address')
}

/** Gives a port back after its service has stopped. */
export function releasePort(port: number): void {
  taken.delete(port)
}

async function tryPort(port: number): Promise<number | null> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return address !== null && typeof address === 'object' ? address.port : null
  } catch {
    return null // in use, or not ours to take
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
