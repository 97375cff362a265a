import ipaddr from 'ipaddr.js'

/** Every global unicast address of IPv6 that is assigned lies here (RFC 4291 §2.4, IANA). */
const globalV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether an address in any notation is global unicast; one of IPv4 that is mapped into IPv6 is unwrapped. */
export function isPublicAddress(text: string): boolean {
  const address = ipaddr.process(text)
  if (address.range() !== 'unicast') return false
  return address instanceof ipaddr.IPv4 || address.match(globalV6)
}

/**
 * False for a host that can be told to lie inside without asking anybody: an address that is not public, or a
 * name of this machine (RFC 6761 §6.3). `hostname` is that of a URL, whose parser has written `0x7f.1` as
 * `127.0.0.1`. A name that only resolves to such an address is known when the socket connects.
 */
export function mayBePublic(hostname: string): boolean {
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(literal)) return isPublicAddress(literal)
  return !/^(.+\.)?localhost\.?$/i.test(hostname)
}
