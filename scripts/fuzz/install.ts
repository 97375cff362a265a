import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

const root = join(import.meta.dirname, '../..')
const venv = join(root, '.local/fuzz')
const requirements = join(import.meta.dirname, 'requirements.txt')
/** What is in the venv, so that another list is noticed. */
const installed = join(venv, 'installed.txt')

/**
 * Schemathesis in a Python environment of its own below `.local`, installed where it is missing or another
 * release. Wheels alone, so that nothing of a package runs while it is installed. Returns the program.
 */
export async function installSchemathesis(): Promise<string> {
  const wanted = readFileSync(requirements, 'utf8')
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== wanted) {
    await execa('python3', ['-m', 'venv', '--clear', venv])
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:']
    await execa(join(venv, 'bin/pip'), ['install', ...options, '--requirement', requirements])
    writeFileSync(installed, wanted)
  }
  return join(venv, 'bin/schemathesis')
}
