import { join } from 'node:path'
import { execa } from 'execa'
import { knowSecrets, searchLine } from './log-search/search.ts'
import { secretsIn } from './log-search/secrets.ts'

const program = join(import.meta.dirname, '../../cmd/stepladder.ts')

type Environment = { [name: string]: string }
export type CommandLine = (
  ...args: string[]
) => Promise<{ exitCode: number | undefined; stdout: string; stderr: string }>

/** Runs `stepladder` as people do, without a terminal, and with no more environment than this. */
export function commandLine(environment: Environment): CommandLine {
  return async (...args) => {
    const { exitCode, stdout, stderr } = await startCommandLine(environment, args)
    return { exitCode, stdout, stderr }
  }
}

/** The same, to be written to, interrupted and awaited. */
export function startCommandLine(environment: Environment, args: readonly string[]) {
  const env = { PATH: process.env.PATH ?? '', ...environment }
  const options = {
    env,
    extendEnv: false,
    reject: false,
    stdin: 'pipe',
    timeout: 150_000,
    stripFinalNewline: false,
  } as const
  const running = execa(process.execPath, [program, ...args], options)
  running.stdin.end()
  // Standard output is the place where a new key is shown.
  knowSecrets(secretsIn(environment))
  void running.then(({ stderr }) => stderr.split('\n').forEach((line) => void searchLine('stepladder', line)))
  return running
}

/**
 * The same at a terminal of its own (`script` of util-linux), on which standard output and error appear together. What
 * is written to `stdin` is typed: `\x03` is Ctrl-C.
 */
export function startAtTerminal(environment: Environment, args: readonly string[]) {
  const quoted = [process.execPath, program, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`)
  const env = { PATH: process.env.PATH ?? '', TERM: 'xterm-256color', ...environment }
  const options = { env, extendEnv: false, reject: false, stdin: 'pipe', timeout: 150_000 } as const
  return execa('script', ['--quiet', '--return', '--command', quoted.join(' '), '/dev/null'], options)
}
