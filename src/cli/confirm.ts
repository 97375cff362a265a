import { createInterface } from 'node:readline/promises'
import { paint } from './screen/paint.ts'
import { type Session, usage } from './session.ts'

/** Asks on the terminal. Throws `usage` where nobody can answer, instead of waiting for ever. */
export async function confirmed(
  { invocation, signal }: Session,
  question: () => Promise<string>,
): Promise<boolean> {
  const { stdin, streams } = invocation
  if (!stdin.isTTY) throw usage('there is no terminal to ask on: say --yes')
  const text = paint(await question(), false)
  // Line by line, as the terminal gives them: so Ctrl-C stays a signal. An end of input is a no.
  const lines = createInterface({ input: stdin, terminal: false, signal })
  streams.stderr.write(`${text} [y/N] `)
  try {
    for await (const answer of lines) return /^y(es)?$/i.test(answer.trim())
    signal.throwIfAborted()
    return false
  } finally {
    lines.close()
  }
}
