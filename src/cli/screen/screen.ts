import type { ProgressSnapshot } from '../../progress/snapshot.ts'
import { progressLine, progressLines } from './drawing.ts'

const lineEveryMs = 2_000

export type Screen = {
  show(snapshot: ProgressSnapshot): void
  /** A sentence that stays, above what is drawn. */
  say(sentence: string): void
  /** What is drawn stays as it is; whatever comes next goes below. */
  settle(): void
}

/** Draws in place on a terminal; elsewhere standard output stays free and lines go to standard error. */
export function createScreen(): Screen {
  return process.stdout.isTTY ? terminal(process.stdout) : lines()
}

function terminal(out: NodeJS.WriteStream): Screen {
  let drawn: string[] = []
  const erase = () => (drawn.length > 0 ? `\x1b[${drawn.length}A\x1b[J` : '')
  return {
    show(snapshot) {
      const next = progressLines(snapshot, out.columns || 80)
      out.write(`${erase()}${next.join('\n')}\n`)
      drawn = next
    },
    say(sentence) {
      out.write(`${erase()}${[sentence, ...drawn].join('\n')}\n`)
    },
    settle() {
      drawn = []
    },
  }
}

function lines(): Screen {
  let shownAt = 0
  return {
    show(snapshot) {
      const isLast = snapshot.stage === 'done' || snapshot.percent >= 100
      if (!isLast && Date.now() - shownAt < lineEveryMs) return
      shownAt = Date.now()
      console.error(progressLine(snapshot))
    },
    say: (sentence) => console.error(sentence),
    settle: () => {},
  }
}
