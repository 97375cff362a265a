import { type Stats, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { messageOf, StepladderError } from '../../src/errors.ts'

export type DemoRequest = {
  source: { kind: 'generated' } | { kind: 'file'; path: string } | { kind: 'url'; url: string }
  /** End when the video is done. */
  once: boolean
}

/** Reads the command line. Throws `usage` with a sentence for whoever typed it. */
export function readArguments(argv: readonly string[]): DemoRequest {
  const { values, positionals } = parse(argv)
  const [given, ...rest] = positionals
  if (rest.length > 0) throw usage(`one file or URL at a time, please; got ${positionals.length}`)
  return { source: readSource(given), once: values.once ?? false }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: { once: { type: 'boolean' } }, allowPositionals: true })
  } catch (error) {
    throw usage(messageOf(error))
  }
}

function readSource(given: string | undefined): DemoRequest['source'] {
  if (given === undefined) return { kind: 'generated' }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) {
    if (!/^https?:/i.test(given) || !URL.canParse(given)) throw usage(`not an http or https URL: ${given}`)
    return { kind: 'url', url: given }
  }
  const found = statOf(given)
  if (!found) throw usage(`no such file: ${given}`)
  if (!found.isFile()) throw usage(`not a file: ${given}`)
  if (found.size === 0) throw usage(`the file is empty: ${given}`)
  return { kind: 'file', path: given }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw usage(`cannot read ${path}: ${messageOf(error)}`)
  }
}

function usage(sentence: string): StepladderError {
  return new StepladderError('usage', sentence)
}
