import { isRange, type Wanted } from './case.ts'

export type Line = { fact: string; wanted: Wanted; got: unknown; right: boolean }
/** One case: `lines` in the order of its wants. */
export type Row = { name: string; lines: readonly Line[] }

/** The scoreboard in Markdown: a row a case, and how many are right. */
export function boardOf(rows: readonly Row[]): string {
  const right = rows.filter(({ lines }) => lines.every((line) => line.right)).length
  const facts = rows.flatMap(({ lines }) => lines)
  return [
    `${right} of ${rows.length} cases are as they must be; ${facts.length} facts were looked at.`,
    '',
    '| case | must | got |',
    '|---|---|---|',
    ...rows.map(({ name, lines }) => `| ${plain(name)} | ${mustBe(lines)} | ${cameOut(lines)} |`),
  ].join('\n')
}

const mustBe = (lines: readonly Line[]) => lines.map(({ fact, wanted }) => phrase(fact, wanted)).join(', ')

/** What was measured within a range, or what was wrong; the rest is as it must be. */
function cameOut(lines: readonly Line[]): string {
  const wrong = lines.filter(({ right }) => !right)
  if (wrong.length > 0) return `WRONG: ${wrong.map(({ fact, got }) => phrase(fact, got)).join(', ')}`
  const measured = lines.filter(({ wanted }) => isRange(wanted))
  return ['yes', ...measured.map(({ fact, got }) => phrase(fact, got))].join(', ')
}

function phrase(fact: string, value: unknown): string {
  const words = fact.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  if (value === true) return words
  if (value === '') return `${words} none`
  return fact === 'status' ? shown(value) : `${words} ${shown(value)}`
}

function shown(value: unknown): string {
  if (isRange(value)) return `${number(value.about)} ± ${number(value.within)}`
  return typeof value === 'number' ? number(value) : plain(String(value))
}

/** To a thousandth, so that one run's table is like the next one's. */
const number = (value: number): string => String(Math.round(value * 1000) / 1000 + 0)

/** Text that shows itself in a table of Markdown, whatever is in it. */
const plain = (text: string): string =>
  text
    .replaceAll(
      /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
      (odd) => `U+${odd.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`,
    )
    .replaceAll('<', '&lt;')
    .replaceAll('|', '\\|')
