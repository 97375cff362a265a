import { join } from 'node:path'
import { execa } from 'execa'

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
  return running
}
