import { parseArgs } from 'node:util'
import { usage } from '../../src/cli/session.ts'
import { readSource, type Source } from '../../src/cli/source.ts'
import { messageOf } from '../../src/errors.ts'

export type DemoRequest = {
  source: { kind: 'generated' } | Source
  /** End when the video is done. */
  once: boolean
}

/** Reads the command line. Throws `usage` with a sentence for whoever typed it. */
export function readArguments(argv: readonly string[]): DemoRequest {
  const { values, positionals } = parse(argv)
  const [given, ...rest] = positionals
  if (rest.length > 0) throw usage(`one file or URL at a time, please; got ${positionals.length}`)
  return {
    source: given === undefined ? { kind: 'generated' } : readSource(given),
    once: values.once ?? false,
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: { once: { type: 'boolean' } }, allowPositionals: true })
  } catch (error) {
    throw usage(messageOf(error))
  }
}
