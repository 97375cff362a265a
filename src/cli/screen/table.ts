import { type Line, type Piece, textOf } from './paint.ts'
import { textWidth } from './text-width.ts'

type Align = 'left' | 'right'

/** Rows under a head, in columns as wide as their widest cell; cells of `right` columns end in line. */
export function table(columns: Record<string, Align>, rows: readonly (readonly Piece[])[]): Line[] {
  const names = Object.keys(columns)
  const all = [names.map((text): Piece => ({ text, style: 'dim' })), ...rows]
  const widths = names.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))))
  return all.map((row) => {
    const cells = names.slice(0, row.findLastIndex((cell) => widthOf(cell) > 0) + 1)
    return cells.flatMap((name, column): Piece[] => {
      const cell = row[column] ?? ''
      const space = ' '.repeat((widths[column] ?? 0) - widthOf(cell))
      const between = column > 0 ? '  ' : ''
      if (columns[name] === 'right') return [between + space, cell]
      return [between, cell, column < cells.length - 1 ? space : '']
    })
  })
}

function widthOf(cell: Piece): number {
  return textWidth(textOf(cell))
}
