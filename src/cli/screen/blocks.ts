import { isLast, type ProgressChange } from '../client/follow.ts'
import { progressLine, progressLines, type Transfer, transferLine, transferLines } from './drawing.ts'
import type { Block } from './screen.ts'

/** How a video gets on. */
export function progressBlock(title: string, change: ProgressChange): Block {
  if (change.event === 'deleted') return { title, lines: () => ['deleted'], line: 'deleted', isLast: true }
  const { snapshot } = change
  const { status, error } = snapshot
  const end = error ? `${status}: ${error.message} (${error.code})` : status
  if (status === 'failed' || status === 'cancelled')
    return { title, lines: () => [end], line: end, isLast: true }
  return {
    title,
    lines: (columns) => progressLines(snapshot, columns),
    line: progressLine(snapshot),
    isLast: isLast(change),
  }
}

/** How an upload gets on. */
export function transferBlock(title: string, transfer: Transfer): Block {
  return {
    title,
    lines: (columns) => transferLines(transfer, columns),
    line: transferLine(transfer),
    isLast: transfer.bytes === transfer.totalBytes,
  }
}
