import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { type FencedBlock, fencedBlocks } from './documented.ts'

export type MadeRequest = { method: string; host: string; path: string; status: number }

const checkout = join(import.meta.dirname, '../..')
const habits = join(checkout, 'test/fixtures/newcomer.sh')

/**
 * Runs all commands of the pages (or sections, as `README.md#Start`) in bash, one after another in one shell, in a folder with the film as
 * `film.mp4`. The server is `baseUrl`, whatever address the pages name. Returns the requests of curl as
 * they were answered, each told to `onAnswer` at once too; throws with the place and what was said when a
 * command fails.
 */
export async function runCommands(options: {
  pages: readonly string[]
  baseUrl: string
  film: string
  onAnswer?: (request: MadeRequest) => void
}): Promise<MadeRequest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stepladder-newcomer-'))
  const script = join(folder, 'commands.sh')
  const requests: MadeRequest[] = []
  try {
    await copyFile(options.film, join(folder, 'film.mp4'))
    const blocks = options.pages.flatMap((page) => fencedBlocks(page, 'sh'))
    const commands = blocks.map((block) => commandsOf(block, options.baseUrl))
    await writeFile(script, [`source ${habits}`, ...commands].join('\n'))
    const env = { STEPLADDER_API: options.baseUrl, NODE: process.execPath, CHECKOUT: checkout }
    const shell = execa('/bin/bash', [script], { cwd: folder, env, stdin: 'ignore', reject: false })
    for await (const request of answersIn(shell.iterable({ from: 'stderr' }))) {
      requests.push(request)
      options.onAnswer?.(request)
    }
    const { failed, stdout, stderr } = await shell
    if (failed) throw new Error(`${stdout.split('\n== ').at(-1)}\n${stderr.slice(-2000)}`)
    return requests
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function commandsOf({ at, text, endless }: FencedBlock, baseUrl: string): string {
  const here = text.replaceAll(/^api=.*$/gm, `api=${baseUrl}`)
  return `echo '== ${at}'\n${endless ? here.replaceAll(/^curl /gm, 'endless_curl ') : here}`
}

/** Reads `curl -v`. A status of 1xx is not the answer yet. */
async function* answersIn(lines: AsyncIterable<string>): AsyncGenerator<MadeRequest> {
  let request = { method: '', path: '', host: '' }
  for await (const line of lines) {
    const [, method, path] = /^> ([A-Z]+) (\S+) HTTP/.exec(line) ?? []
    if (method !== undefined && path !== undefined) request = { method, path, host: '' }
    const [, host] = /^> Host: (\S+)/i.exec(line) ?? []
    if (host !== undefined) request = { ...request, host }
    const [, status] = /^< HTTP\/[\d.]+ ([2-5]\d\d)/.exec(line) ?? []
    if (status !== undefined) yield { ...request, status: Number(status) }
  }
}
