import { type Stats, statSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { usage } from './session.ts'

export type Source = { kind: 'file'; path: string } | { kind: 'url'; url: string }

/** A file with bytes in it, or an http or https URL. Throws `usage` with a sentence for whoever typed it. */
export function readSource(given: string): Source {
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
