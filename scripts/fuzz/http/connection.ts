import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** How long an answer may take on a busy machine: the API itself gives up after 8 s. */
const patienceMs = 60_000

/** The other side closed, or sent nothing for too long. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost'
}

export type Connection = Awaited<ReturnType<typeof openConnection>>

/** One connection, read in order: until a text, so many bytes, or the end. */
export async function openConnection(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let arrived: Buffer[] = []
  let bytes = 0
  let total = 0
  let ended = false
  let wake = () => {}

  socket.on('data', (part: Buffer) => {
    arrived.push(part)
    bytes += part.length
    total += part.length
    wake()
  })
  socket.setTimeout(patienceMs, () => socket.destroy())
  // What it says is that the other side closed, which `close` says too.
  socket.on('error', () => {})
  for (const event of ['end', 'close'] as const) {
    socket.on(event, () => {
      ended = true
      wake()
    })
  }
  await once(socket, 'connect')

  async function more(): Promise<void> {
    if (ended) throw new ConnectionLost(`the connection ended after ${total} bytes`)
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    await promise
  }

  function take(length: number): Buffer {
    const all = joined()
    arrived = [all.subarray(length)]
    bytes -= length
    return all.subarray(0, length)
  }

  function joined(): Buffer {
    const [first] = arrived
    const all = arrived.length === 1 && first ? first : Buffer.concat(arrived)
    arrived = [all]
    return all
  }

  return {
    socket,
    /** All bytes that ever came. */
    received: () => total,
    isOver: () => ended || socket.destroyed,
    /** With the text at its end. */
    async until(text: string): Promise<Buffer> {
      for (;;) {
        const at = joined().indexOf(text)
        if (at >= 0) return take(at + text.length)
        await more()
      }
    },
    async exactly(length: number): Promise<Buffer> {
      while (bytes < length) await more()
      return take(length)
    },
    async rest(): Promise<Buffer> {
      while (!ended) await more()
      return take(bytes)
    },
    [Symbol.dispose]: () => destroy(socket),
  }
}

function destroy(socket: Socket): void {
  socket.destroy()
}
