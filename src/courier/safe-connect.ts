import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import { Agent, buildConnector } from 'undici'
import { PermanentError } from '../errors.ts'

const connectTimeoutMs = 10_000

/**
 * An agent that connects to global unicast addresses only, unless `allowPrivate`. The check sits in
 * the connector, behind name resolution, and the connection goes to the very address that was checked:
 * a `lookup` hook alone is bypassed by IP literals, and a second resolution could answer otherwise.
 */
export function createSafeAgent(allowPrivate: boolean): Agent {
  const connect = buildConnector({ timeout: connectTimeoutMs })
  return new Agent({
    headersTimeout: 30_000,
    bodyTimeout: 60_000,
    connect: (options, callback) => {
      const hostname = options.hostname.replace(/^\[|\]$/g, '')
      resolveAllowed(hostname, allowPrivate).then(
        (address) =>
          connect({ ...options, hostname: address, servername: options.servername ?? hostname }, callback),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      )
    },
  })
}

/** The first address of the host, when all of them are allowed. Throws PermanentError `source_forbidden`. */
async function resolveAllowed(hostname: string, allowPrivate: boolean): Promise<string> {
  const addresses = ipaddr.isValid(hostname)
    ? [hostname]
    : (await lookup(hostname, { all: true })).map(({ address }) => address)
  const [first] = addresses
  if (first === undefined)
    throw new PermanentError('source_unreachable', 'the host of the source has no address')
  if (!allowPrivate && !addresses.every(isGlobal)) {
    throw new PermanentError('source_forbidden', 'the source lies at an address that is not public')
  }
  return first
}

/** Also unwraps IPv4 addresses mapped into IPv6. */
function isGlobal(address: string): boolean {
  return ipaddr.process(address).range() === 'unicast'
}
