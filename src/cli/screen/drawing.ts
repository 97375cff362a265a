import type { ProgressSnapshot } from '../../progress/snapshot.ts'
import type { Video } from '../client/video.ts'
import type { Line } from './paint.ts'
import { table } from './table.ts'
import { bitrateText, bytesText, fractionValue, numberText, timeText } from './units.ts'

/** A bar for the whole and a line for each rung. */
export function progressLines(snapshot: ProgressSnapshot, columns: number): string[] {
  const names = Math.max(...snapshot.resolutions.map((rung) => rung.name.length), 0)
  const rungs = snapshot.resolutions.map((rung) => {
    const segments = `${rung.segments} segment${rung.segments === 1 ? '' : 's'}`
    return `  ${rung.name.padEnd(names)}  ${segments.padStart(13)}  ${bytesText(rung.bytes).padStart(8)}`
  })
  return [barLine(snapshot.percent, progressFacts(snapshot), columns), ...rungs]
}

/** The same on one line, for a log. */
export function progressLine(snapshot: ProgressSnapshot): string {
  const rungs = snapshot.resolutions.map((rung) => `${rung.name} ${rung.segments} (${bytesText(rung.bytes)})`)
  return [progressFacts(snapshot), ...rungs].join(', ')
}

/** How much of a file is in the store; the speed is that since the upload began, null while unknown. */
export type Transfer = { bytes: number; totalBytes: number; bytesPerSecond: number | null }

/** A bar for an upload. */
export function transferLines(transfer: Transfer, columns: number): string[] {
  return [barLine(percentOf(transfer), transferLine(transfer), columns)]
}

/** The same without the bar. */
export function transferLine(transfer: Transfer): string {
  const { bytes, totalBytes, bytesPerSecond: speed } = transfer
  const facts = [`${percentOf(transfer).toFixed(1).padStart(5)} %  uploading`]
  facts.push(`${bytesText(bytes)} of ${bytesText(totalBytes)}`)
  if (speed) facts.push(`${bytesText(speed)}/s`, `${timeText((totalBytes - bytes) / speed)} left`)
  return facts.join('  ')
}

function percentOf({ bytes, totalBytes }: Transfer): number {
  return totalBytes > 0 ? (bytes / totalBytes) * 100 : 0
}

function progressFacts(snapshot: ProgressSnapshot): string {
  const { fps, speed, eta_s: eta, chunks, fetched } = snapshot
  const facts = [`${snapshot.percent.toFixed(1).padStart(5)} %  ${snapshot.stage}`]
  const running = chunks.running > 0 ? ` (${chunks.running} running)` : ''
  // Position 1 is the next one.
  if (snapshot.queue_position !== undefined) facts.push(`${snapshot.queue_position - 1} before it`)
  if (fetched) facts.push(bytesText(fetched.bytes))
  if (chunks.total > 0) facts.push(`chunks ${chunks.done}/${chunks.total}${running}`)
  if (fps !== null) facts.push(`${numberText(fps)} fps`)
  if (speed !== null) facts.push(`${speed.toFixed(2)}×`)
  if (eta !== null) facts.push(`${timeText(eta)} left`)
  return facts.join('  ')
}

/** Wide enough to be read, and no wider than the facts leave it. */
function barLine(percent: number, facts: string, columns: number): string {
  return `${bar(percent, Math.max(10, Math.min(40, columns - facts.length - 4)))}  ${facts}`
}

/** Eighths of a block, so that a wide bar moves with every per cent. */
function bar(percent: number, width: number): string {
  const eighths = Math.round((Math.min(Math.max(percent, 0), 100) / 100) * width * 8)
  const partial = eighths % 8 === 0 ? '' : String.fromCodePoint(0x2590 - (eighths % 8))
  return `▕${('█'.repeat(Math.floor(eighths / 8)) + partial).padEnd(width)}▏`
}

const resolutionColumns = {
  rung: 'left',
  size: 'right',
  fps: 'right',
  codec: 'left',
  average: 'right',
  peak: 'right',
  bytes: 'right',
  frames: 'right',
  duration: 'right',
} as const

/** What was made: one row a rung. */
export function resolutionTable(video: Pick<Video, 'resolutions'>): Line[] {
  const rows = video.resolutions.map((rung) => [
    rung.name,
    `${rung.width}×${rung.height}`,
    numberText(fractionValue(rung.fps), 3),
    rung.codec ?? '–',
    bitrateText(rung.average_bitrate_bps),
    bitrateText(rung.peak_bitrate_bps),
    bytesText(rung.size_bytes),
    numberText(rung.frames),
    timeText(rung.duration_s),
  ])
  return table(resolutionColumns, rows)
}
