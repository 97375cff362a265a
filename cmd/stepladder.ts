#!/usr/bin/env node
import { listenForInterruption } from '../src/cli/interruption.ts'
import { endWithReader } from '../src/cli/output.ts'
import { runCommandLine } from '../src/cli/program.ts'
import { loadClientConfig } from '../src/config.ts'
import { messageOf } from '../src/errors.ts'

const { stdin, stdout, stderr } = process
endWithReader(stdout)
endWithReader(stderr)
const { signal, exitCode } = listenForInterruption()
try {
  const config = loadClientConfig()
  const argv = process.argv.slice(2)
  const code = await runCommandLine({ argv, config, streams: { stdout, stderr }, stdin, signal })
  process.exitCode = signal.aborted ? exitCode() : code
} catch (error) {
  console.error(`stepladder: ${messageOf(error)}`)
  process.exitCode = 1
}
