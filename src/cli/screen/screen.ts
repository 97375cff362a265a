import { type Line, paint } from './paint.ts'
import { clipped } from './text-width.ts'

const lineEveryMs = 2_000

/** What is told of one video or file: some lines to draw in place, or one line for a log. */
export type Block = {
  title: string
  lines: (columns: number) => readonly string[]
  line: string
  /** Nothing follows: a log gets it whatever it got last. */
  isLast: boolean
}

export type Screen = {
  /** Draws a block under those that came first, or over what was drawn of the same name. */
  show(name: string, block: Block): void
  /** A sentence that stays, above what is drawn. */
  say(line: Line): void
  /** What is drawn stays as it is; whatever comes next goes below. */
  settle(): void
}

type Out = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'rows'>
type ScreenOptions = { out: Out; colours: boolean; canRedraw?: boolean }

/** Draws in place on a terminal; elsewhere every block becomes a line now and then. */
export function createScreen({ out, colours, canRedraw = out.isTTY }: ScreenOptions): Screen {
  return canRedraw ? terminal(out, colours) : lines(out, colours)
}

function terminal(out: Out, colours: boolean): Screen {
  let blocks = new Map<string, Block>()
  let drawn = 0
  /** One write, so that nothing flickers between erasing and drawing. */
  const redraw = (above: readonly string[] = []) => {
    const rows = drawing([...blocks.values()], out.columns || 80, out.rows || 24)
    // From where Ctrl-C left the cursor too: terminals echo it.
    const back = `${drawn > 0 ? `\x1b[${drawn}A` : ''}\r\x1b[J`
    out.write(back + [...above, ...rows].map((row) => `${row}\n`).join(''))
    drawn = rows.length
  }
  return {
    show(name, block) {
      blocks.set(name, block)
      redraw()
    },
    say: (line) => redraw([paint(line, colours)]),
    settle() {
      blocks = new Map()
      drawn = 0
    },
  }
}

/** Rows that fit: one that wraps, or that scrolled out at the top, could not be drawn over. */
function drawing(blocks: readonly Block[], columns: number, rows: number): string[] {
  const most = rows - 1
  const whole = blocks.flatMap((block) => [block.title, ...block.lines(columns)])
  const short = blocks.map((block) => `${block.title}: ${block.line}`)
  const fitting = whole.length <= most ? whole : short
  const more = fitting.length > most ? [`… and ${fitting.length - most + 1} more`] : []
  const shown = more.length > 0 ? [...fitting.slice(0, most - 1), ...more] : fitting
  return shown.map((row) => clipped(paint(row, false), columns))
}

function lines(out: Out, colours: boolean): Screen {
  const shownAt = new Map<string, number>()
  return {
    show(name, block) {
      const isDue = Date.now() - (shownAt.get(name) ?? 0) >= lineEveryMs
      if (!isDue && !block.isLast) return
      shownAt.set(name, Date.now())
      out.write(`${paint(`${block.title}: ${block.line.trim()}`, colours)}\n`)
    },
    say: (line) => void out.write(`${paint(line, colours)}\n`),
    settle: () => {},
  }
}
