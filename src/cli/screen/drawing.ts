import type { ProgressSnapshot } from '../../progress/snapshot.ts'
import type { Video } from '../client/video.ts'
import { bitrateText, bytesText, fractionValue, numberText, timeText } from './units.ts'

/** A bar for the whole and a line for each rung. */
export function progressLines(snapshot: ProgressSnapshot, columns: number): string[] {
  const facts = progressFacts(snapshot)
  const barWidth = Math.max(10, Math.min(40, columns - facts.length - 4))
  const names = Math.max(...snapshot.resolutions.map((rung) => rung.name.length), 0)
  const rungs = snapshot.resolutions.map((rung) => {
    const segments = `${rung.segments} segment${rung.segments === 1 ? '' : 's'}`
    return `  ${rung.name.padEnd(names)}  ${segments.padStart(13)}  ${bytesText(rung.bytes).padStart(8)}`
  })
  return [`${bar(snapshot.percent, barWidth)}  ${facts}`, ...rungs].map((line) => line.slice(0, columns))
}

/** The same on one line, for a log. */
export function progressLine(snapshot: ProgressSnapshot): string {
  const rungs = snapshot.resolutions.map((rung) => `${rung.name} ${rung.segments} (${bytesText(rung.bytes)})`)
  return [progressFacts(snapshot), ...rungs].join(', ')
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

/** Eighths of a block, so that a wide bar moves with every per cent. */
function bar(percent: number, width: number): string {
  const eighths = Math.round((Math.min(Math.max(percent, 0), 100) / 100) * width * 8)
  const partial = eighths % 8 === 0 ? '' : String.fromCodePoint(0x2590 - (eighths % 8))
  return `▕${('█'.repeat(Math.floor(eighths / 8)) + partial).padEnd(width)}▏`
}

/** What was made: one row a rung. */
export function resolutionTable(video: Video): string[] {
  const head = ['rung', 'size', 'fps', 'codec', 'average', 'peak', 'bytes', 'frames', 'duration']
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
  const table = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  const aligned = table.map((row) =>
    row.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  )
  return aligned.map((row) => row.join('  ').trimEnd())
}

function isText(column: number): boolean {
  return column === 0 || column === 3
}
