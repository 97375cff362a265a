import type { Piece } from './paint.ts'

/** A status in the colour that tells how well it is. */
export function statusPiece(status: string): Piece {
  switch (status) {
    case 'completed':
    case 'ok':
      return { text: status, style: 'green' }
    case 'failed':
      return { text: status, style: 'red' }
    case 'cancelled':
    case 'warning':
      return { text: status, style: 'yellow' }
    case 'processing':
      return { text: status, style: 'cyan' }
    default:
      return status
  }
}

/** A time as its reader's clock shows it: 2026-11-21 18:42:25. */
export function timeOfDay(iso: string | null): string {
  if (iso === null) return '–'
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return '–'
  // Sweden writes dates as ISO 8601 does.
  return at.toLocaleString('sv-SE')
}
