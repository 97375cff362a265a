import { styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'

/** Text for a person, from whomever it comes; only `paint` makes it what a terminal gets. */
export type Piece = string | { text: string; style: Style }
export type Line = Piece | readonly Piece[]

/**
 * What a terminal may get of a line. Titles and names come from strangers: control characters, escape sequences
 * and marks that turn the direction of text show as `�`; the joiners of emoji stay.
 */
export function paint(line: Line, colours: boolean): string {
  return piecesOf(line)
    .map((piece) => {
      if (typeof piece === 'string') return harmless(piece)
      const text = harmless(piece.text)
      return colours ? styleText(piece.style, text, { validateStream: false }) : text
    })
    .join('')
}

/** JSON whose strings carry no control character either: those beyond ASCII's come out of `stringify` as they are. */
export function harmlessJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent)
  return text.replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    found.split('').map(escaped).join(''),
  )
}

/** The text of a line, without its styles. */
export function textOf(line: Line): string {
  return piecesOf(line)
    .map((piece) => (typeof piece === 'string' ? piece : piece.text))
    .join('')
}

function piecesOf(line: Line): readonly Piece[] {
  return typeof line === 'string' || 'text' in line ? [line] : line
}

function harmless(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu, '�')
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
