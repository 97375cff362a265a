import { type Check, failed, ok, warning } from '../../health/check.ts'

/** From here on a person should know, and from there on signed addresses of S3 no longer hold. */
const noticeableMs = 5_000
const refusedMs = 15 * 60_000

/** `remoteMs` is what a clock said between two looks at ours, all in milliseconds since 1970. */
export function judgeClock(
  name: string,
  { beforeMs, remoteMs, afterMs }: { beforeMs: number; remoteMs: number; afterMs: number },
): Check {
  const ahead = remoteMs > afterMs ? remoteMs - afterMs : remoteMs < beforeMs ? remoteMs - beforeMs : 0
  const seconds = Math.round(Math.abs(ahead) / 1000)
  const apart = `The clock of ${name} is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`
  const fix = 'let both follow a time server (chrony, systemd-timesyncd)'
  if (Math.abs(ahead) >= refusedMs) return failed(`${apart}, and signed addresses are refused`, fix)
  if (Math.abs(ahead) >= noticeableMs) return warning(apart, fix)
  return ok(`The clock of ${name} agrees with this machine's`)
}

/** Reads a clock and compares it; `read` gives milliseconds. */
export async function checkClock(name: string, read: () => Promise<number>): Promise<Check> {
  const beforeMs = Date.now()
  const remoteMs = await read()
  return judgeClock(name, { beforeMs, remoteMs, afterMs: Date.now() })
}

/** The clock of an HTTP server, by its `Date`, which counts whole seconds. Any status will do. */
export async function checkHttpClock(name: string, url: string, signal: AbortSignal): Promise<Check> {
  const beforeMs = Date.now()
  const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal })
  const afterMs = Date.now()
  const remoteMs = Date.parse(response.headers.get('date') ?? '')
  if (Number.isNaN(remoteMs)) return warning(`${name} does not say what time it is`)
  return judgeClock(name, { beforeMs: beforeMs - 1_000, remoteMs, afterMs })
}
