import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, buildConnector } from 'undici'
import { PermanentError } from '../errors.ts'
import { isPublicAddress } from '../public-address.ts'

const connectTimeoutMs = 10_000

export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>

/**
 * An agent that connects to global unicast addresses only, unless `allowPrivate`. A name is checked in
 * the socket's own `lookup`, so that the connection goes to the very addresses that were checked; a
 * literal never gets there and is checked in the connector.
 */
export function createSafeAgent(options: { allowPrivate: boolean; resolve?: Resolve }): Agent {
  const { allowPrivate, resolve = (hostname) => lookup(hostname, { all: true }) } = options
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup: lookupAllowed })

  function lookupAllowed(...[hostname, { all }, callback]: Parameters<LookupFunction>): void {
    resolve(hostname).then(
      (found) => {
        const [first] = found
        if (!first || !(allowPrivate || found.every(({ address }) => isPublicAddress(address)))) {
          callback(forbidden(), '')
        } else if (all) callback(null, found)
        else callback(null, first.address, first.family)
      },
      (error: Error) => callback(error, ''),
    )
  }

  return new Agent({
    headersTimeout: 30_000,
    bodyTimeout: 60_000,
    connect: (target, callback) => {
      const literal = target.hostname.replace(/^\[|\]$/g, '')
      if (!allowPrivate && ipaddr.isValid(literal) && !isPublicAddress(literal)) callback(forbidden(), null)
      else connect(target, callback)
    },
  })
}

function forbidden(): PermanentError {
  return new PermanentError('source_forbidden', 'the source lies at an address that is not public')
}
