const dash = '–'

/** 12.3 MB, in powers of ten. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return dash
  return scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB'])
}

/** 4.5 Mb/s. */
export function bitrateText(bitsPerSecond: number | null): string {
  if (bitsPerSecond === null) return dash
  return `${scaled(bitsPerSecond, ['b', 'kb', 'Mb', 'Gb'])}/s`
}

/** 1:02:03, 2:03, 0:03. */
export function timeText(seconds: number | null): string {
  if (seconds === null) return dash
  const whole = Math.round(seconds)
  const parts = [Math.floor(whole / 60) % 60, whole % 60]
  if (whole >= 3600) parts.unshift(Math.floor(whole / 3600))
  return parts.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}

/** `digits` after the point at most: 30, 29.97. */
export function numberText(value: number | null, digits = 0): string {
  return value === null ? dash : String(Number(value.toFixed(digits)))
}

/** The value of `30000/1001` or `30`. */
export function fractionValue(fraction: string | null): number | null {
  if (fraction === null) return null
  const [numerator, denominator = '1'] = fraction.split('/')
  return Number(numerator) / Number(denominator)
}

function scaled(value: number, units: readonly string[]): string {
  let rest = value
  let unit = 0
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit += 1
  }
  return `${unit > 0 && rest < 99.95 ? rest.toFixed(1) : Math.round(rest)} ${units[unit]}`
}
