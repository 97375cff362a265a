import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import type { Mutant, Watch } from './mutants.ts'

const root = join(import.meta.dirname, '../..')
const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

/** A copy of the tree as it stands, without what git ignores; packages and made films are shared. */
export function copyTree(): { folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-mutant-'))
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  for (const file of execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file))
  }
  mkdirSync(join(root, '.local/fixtures'), { recursive: true })
  mkdirSync(join(folder, '.local'))
  symlinkSync(join(root, '.local/fixtures'), join(folder, '.local/fixtures'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Applies the edits. Returns what undoes them. Throws when a text is not there any more. */
export function apply(mutant: Mutant, folder: string): () => void {
  const before = new Map<string, string>()
  for (const { file, find, replace } of mutant.edits) {
    const text = readFileSync(join(folder, file), 'utf8')
    if (!text.includes(find)) throw new Error(`${mutant.name}: ${file} has no ${JSON.stringify(find)}`)
    before.set(file, text)
    writeFileSync(join(folder, file), text.replaceAll(find, replace))
  }
  return () => {
    for (const [file, text] of before) writeFileSync(join(folder, file), text)
  }
}

/** The tests of `watch` that fail in the copy; a file that does not even load counts as one. Throws when none ran. */
export async function failing(watch: Watch, folder: string): Promise<string[]> {
  const report = join(folder, 'report.json')
  rmSync(report, { force: true })
  const args = ['run', '--reporter=json', `--outputFile=${report}`, ...watch]
  const { all } = await execa('vitest', args, {
    cwd: folder,
    preferLocal: true,
    localDir: root,
    reject: false,
    all: true,
  })
  if (!existsSync(report)) throw new Error(`vitest ${watch.join(' ')} wrote no report:\n${all}`)
  const { testResults } = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')))
  const tests = testResults.flatMap((file) => file.assertionResults)
  const failed = tests.filter((test) => test.status === 'failed').map((test) => test.fullName.trim())
  if (failed.length > 0) return failed
  if (testResults.some((file) => file.status === 'failed')) return [`${watch.join(' ')} (did not load)`]
  if (!tests.some((test) => test.status === 'passed'))
    throw new Error(`vitest ${watch.join(' ')} ran no test`)
  return []
}
