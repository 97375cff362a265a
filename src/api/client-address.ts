import type { Context } from 'hono'
import ipaddr from 'ipaddr.js'

/**
 * The address that a request comes from, as text that stands for one client: an IPv4 address, or the
 * first 64 bits of an IPv6 one, which is what a client is given at least. Behind `hops` proxies of ours it is
 * what the outermost of them saw: each adds to the end of `X-Forwarded-For` whom it was asked by, and what
 * stands before that anybody can have written. `unknown` where there is no socket.
 */
export function clientAddress(c: Context, hops: number): string {
  const seen = hops > 0 ? forwardedFor(c.req.header('x-forwarded-for'), hops) : undefined
  return asOneClient(seen ?? peerOf(c))
}

/** True when the client spoke TLS to the proxy that is believed; we do not speak it ourselves. */
export function cameByTls(c: Context, hops: number): boolean {
  return hops > 0 && /^https$/i.test(c.req.header('x-forwarded-proto')?.split(',').at(-1)?.trim() ?? '')
}

function forwardedFor(header: string | undefined, hops: number): string | undefined {
  const address = header?.split(',').at(-hops)?.trim()
  return address && ipaddr.isValid(address) ? address : undefined
}

function peerOf(c: Context): string {
  const address: unknown = c.env?.incoming?.socket?.remoteAddress
  return typeof address === 'string' ? address : ''
}

function asOneClient(text: string): string {
  if (!ipaddr.isValid(text)) return 'unknown'
  const address = ipaddr.process(text)
  if (address.kind() === 'ipv4') return address.toString()
  const bytes = address.toByteArray()
  return `${ipaddr.fromByteArray([...bytes.slice(0, 8), ...Array<number>(8).fill(0)]).toString()}/64`
}
