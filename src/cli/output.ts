import { harmlessJson, type Line, paint } from './screen/paint.ts'
import { createScreen, type Screen } from './screen/screen.ts'

type Stream = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'rows'> & { hasColors?: () => boolean }
export type Streams = { stdout: Stream; stderr: Stream }

export type Output = {
  json: boolean
  /** Progress and remarks, on standard error. */
  screen: Screen
  /** A result for people, on standard output; nothing with `--json`. */
  print(...lines: readonly Line[]): void
  /** The one JSON document that `--json` gives on standard output; nothing without. */
  document(value: unknown): void
  /** One of many JSON documents, a line each. */
  jsonLine(value: unknown): void
}

/** Colours only on a terminal that has them, and that no NO_COLOR asks to go without. */
export function createOutput({ stdout, stderr }: Streams, json: boolean): Output {
  const colours = stdout.hasColors?.() ?? false
  return {
    json,
    screen: createScreen({ out: stderr, colours: stderr.hasColors?.() ?? false }),
    print(...lines) {
      if (!json) stdout.write(lines.map((line) => `${paint(line, colours)}\n`).join(''))
    },
    document(value) {
      if (json) stdout.write(`${harmlessJson(value, 2)}\n`)
    },
    jsonLine(value) {
      if (json) stdout.write(`${harmlessJson(value)}\n`)
    },
  }
}

/** Whoever reads our output may stop reading, as `head` does: then there is nobody left to tell anything. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
