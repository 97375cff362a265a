import { type Check, failed, ok, warning } from './check.ts'

/** The releases in which CVE-2026-8461 (a decoder that our whitelist leaves out) is closed. */
const closedIn = ['5.1.10', '6.1.6', '7.1.5', '8.1.2']
const oldest = [5, 1] as const

/** By number alone: a distribution may have closed the hole under an older one. */
export function judgeVersion(version: string): Check {
  const numbers = numbersOf(version)
  if (!numbers) return ok(`ffmpeg is of version ${version}, which is no release`)
  if (isOlder(numbers, oldest))
    return failed(`ffmpeg is of version ${version}`, `install ${oldest.join('.')} or newer`)
  const release = closedIn.find((one) => numbersOf(one)?.[0] === numbers[0])
  if (release === undefined || !isOlder(numbers, numbersOf(release) ?? []))
    return ok(`ffmpeg is of version ${version}`)
  return warning(
    `ffmpeg is of version ${version}, in which CVE-2026-8461 may be open; its decoder is never run`,
    `install ${release} or newer, or a build that has the fix`,
  )
}

function numbersOf(version: string): number[] | null {
  const [, digits] = /^n?(\d+\.\d+(?:\.\d+)?)/.exec(version) ?? []
  return digits?.split('.').map(Number) ?? null
}

function isOlder(version: readonly number[], than: readonly number[]): boolean {
  const at = than.findIndex((number, index) => (version[index] ?? 0) !== number)
  return at >= 0 && (version[at] ?? 0) < (than[at] ?? 0)
}
