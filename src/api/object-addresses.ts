import type { Config } from '../config.ts'
import type { Storage } from '../storage.ts'

const hourMs = 3_600_000
/** Some 500 bytes each. */
const maxKept = 20_000

/**
 * Where players find an object: below the CDN where there is one, else at a presigned address. Those
 * stay the same for an hour, and signing takes 50 µs, so they are kept: a film has thousands, and
 * every player asks for them every few seconds while the video grows.
 */
export function createObjectAddresses(options: {
  storage: Pick<Storage, 'presignPlayback'>
  config: Pick<Config, 'CDN_BASE_URL'>
}): (key: string) => Promise<string> {
  const { storage, config } = options
  const base = config.CDN_BASE_URL?.replace(/\/+$/, '')
  if (base !== undefined) return async (key) => `${base}/${key}`
  let kept = new Map<string, Promise<string>>()
  let keptHour = 0

  return (key) => {
    const hour = Math.floor(Date.now() / hourMs)
    if (hour !== keptHour || kept.size >= maxKept) kept = new Map()
    keptHour = hour
    const address = kept.get(key) ?? storage.presignPlayback(key)
    kept.set(key, address)
    return address
  }
}
