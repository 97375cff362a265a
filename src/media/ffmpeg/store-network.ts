import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { createConnection, isIP, Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../../errors.ts'
import type { StoreNetwork } from './sandbox.ts'

const handOver = fileURLToPath(new URL('hand-over.ts', import.meta.url))
const withinMs = 10_000

type Opened = { network: StoreNetwork; close: () => Promise<void> }

/**
 * A network with a loopback device alone, on which this process listens at the port of the store and passes
 * every connection on to it. It costs one small process that keeps it open, and goes with us. Throws
 * `bad_config`: for an address that is a number and not loopback, too, which cannot be told another
 * host by name.
 */
export async function openStoreNetwork(options: {
  bwrap: string
  nsenter: string
  /** Any address of an object in the store. */
  storeUrl: string
  /** Where the file of names is put; the same one for the same store. */
  folder: string
}): Promise<Opened> {
  const { bwrap, nsenter, storeUrl, folder } = options
  const store = addressOf(storeUrl)
  const holder = startHolder(bwrap, store.port)
  try {
    const [pid, server] = await Promise.all([childOf(holder), listenerOf(holder)])
    server.on('connection', (socket: Socket) => relay(socket, store))
    const hostsFile = await writeNames(folder, store.name)
    const closed = once(holder, 'exit')
      .then(() => server.close())
      .then(() => undefined)
    async function close(): Promise<void> {
      holder.kill('SIGKILL')
      await closed
    }
    return { network: { nsenter, pid, hostsFile }, close }
  } catch (error) {
    holder.kill('SIGKILL')
    throw error
  }
}

function addressOf(url: string): { host: string; name: string; port: number } {
  const { hostname: host, port, protocol } = new URL(url)
  if (isIP(host.replace(/[[\]]/g, '')) !== 0 && host !== '127.0.0.1') {
    throw unavailable(`the store has a number for a name (${host})`)
  }
  const isNumber = isIP(host) !== 0
  return { host, name: isNumber ? '' : host, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
}

/** Named after what it holds, so that it is one for all processes and none has to remove it. */
async function writeNames(folder: string, name: string): Promise<string> {
  const text = `127.0.0.1 localhost ${name}\n`
  const path = join(folder, `.hosts-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`)
  const unfinished = `${path}.${randomBytes(4).toString('hex')}`
  await mkdir(folder, { recursive: true })
  await writeFile(unfinished, text)
  await rename(unfinished, path)
  return path
}

/** Hands its socket over and then sleeps; a namespace lives as long as a process in it. */
function startHolder(bwrap: string, port: number): ChildProcess {
  const script = `"$0" "$1" "$2"; exec sleep infinity`
  return spawn(
    bwrap,
    [
      ...['--unshare-user', '--unshare-net', '--die-with-parent', '--dev-bind', '/', '/'],
      // For ports below 1024.
      ...['--cap-add', 'CAP_NET_BIND_SERVICE', '--info-fd', '4', '--'],
      ...['/bin/sh', '-c', script, process.execPath, handOver, String(port)],
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'ipc', 'pipe'], detached: true },
  )
}

/** The process id that bubblewrap tells of what it started. */
async function childOf(holder: ChildProcess): Promise<number> {
  const pipe = holder.stdio[4]
  let text = ''
  if (pipe instanceof Readable) for await (const piece of pipe) text += String(piece)
  const pid = /"child-pid": (\d+)/.exec(text)?.[1]
  if (pid === undefined) throw unavailable('bubblewrap made no network')
  return Number(pid)
}

async function listenerOf(holder: ChildProcess): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>()
  const timer = setTimeout(() => reject(unavailable('the network took too long')), withinMs)
  holder.once('message', (_, handle) => {
    if (handle instanceof Server) resolve(handle)
    else reject(unavailable('no socket was handed over'))
  })
  holder.once('error', (cause) => reject(unavailable('bubblewrap could not be started', cause)))
  holder.once('exit', () => reject(unavailable('bubblewrap made no network')))
  return promise.finally(() => clearTimeout(timer))
}

const unavailable = (why: string, cause?: unknown) =>
  new ConfigError(`programs cannot be kept from the network: ${why}`, { cause })

/** Bytes both ways; what breaks on one side is reset on the other, as if there were nobody in between. */
function relay(socket: Socket, { host, port }: { host: string; port: number }): void {
  const store = createConnection({ host, port, allowHalfOpen: true, noDelay: true })
  socket.allowHalfOpen = true
  socket.setNoDelay(true)
  for (const [one, other] of [
    [socket, store],
    [store, socket],
  ] as const) {
    one.pipe(other)
    one.on('error', () => other.resetAndDestroy())
    // Ends the other even where it rests half open.
    one.on('close', () => other.destroySoon())
  }
}
