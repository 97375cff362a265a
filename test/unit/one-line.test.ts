import { join } from 'node:path'
import { expect, test } from 'vitest'
import { jobRequestSchema } from '../../src/api/job-request.ts'
import { uploadRequestSchema } from '../../src/api/upload-request.ts'
import { oneLine } from '../../src/cli/upload/transfer.ts'

type Page = { filenameOf: (filename: string) => string; titleOf: (filename: string) => string }
const page: Page = await import(join(import.meta.dirname, '../../src/api/web/upload/checks.js'))

/** Whatever the API may refuse in a line, in the midst of a name, before its ending and alone. */
const unfit = [
  ...['\0', '\n', '\r', '\t', '\x1b', '\x7f', '\x85', '\x9b', '\u2028', '\u2029', '\ud800', '\udc00'],
  'a'.repeat(298).concat('😀😀'),
]
const names = unfit.flatMap((text) => [`a${text}b.mp4`, `a.mp4${text}`, `${text}.mp4`, text])

test.each(names)(
  'a file named %j gets a name and a title that the API takes, by command line and page',
  (name) => {
    for (const filename of [oneLine(name, 255), page.filenameOf(name)]) {
      expect(uploadRequestSchema.safeParse({ filename }).error).toBeUndefined()
    }
    const source = { key: 'source/film' }
    for (const title of [oneLine(name, 300), page.titleOf(name)]) {
      expect(jobRequestSchema.safeParse({ source, title }).error).toBeUndefined()
    }
  },
)
