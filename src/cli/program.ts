import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { messageOf, StepladderError } from '../errors.ts'
import { createOutput, type Output } from './output.ts'
import { paint } from './screen/paint.ts'
import { exits, type Invocation, openSession, type Perform } from './session.ts'
import { addCancel } from './verbs/cancel.ts'
import { addDelete } from './verbs/delete.ts'
import { addDoctor } from './verbs/doctor.ts'
import { addKeys } from './verbs/keys.ts'
import { addList } from './verbs/list.ts'
import { addPlan } from './verbs/plan.ts'
import { addQueue } from './verbs/queue.ts'
import { addRetry } from './verbs/retry.ts'
import { addShow } from './verbs/show.ts'
import { addUpload } from './verbs/upload.ts'
import { addWatch } from './verbs/watch.ts'
import { addWorkers } from './verbs/workers.ts'

const verbs = [
  addUpload,
  addWatch,
  addList,
  addShow,
  addPlan,
  addRetry,
  addCancel,
  addDelete,
  addQueue,
  addWorkers,
  addKeys,
  addDoctor,
]

const about = `
Results go to standard output, progress to standard error.
Exit codes: 0 done, 1 failed or refused, 2 wrong usage, 3 the API does not answer, 130 interrupted.
STEPLADDER_API is the address of the API unless --api is given, STEPLADDER_KEY its key; NO_COLOR
turns colours off.
\`stepladder help <verb>\` has examples.`

/** Runs one command line to its end and returns the exit code. */
export async function runCommandLine(invocation: Invocation): Promise<number> {
  let exitCode: number = exits.ok
  const perform: Perform = (schema, work) =>
    async function () {
      const options = this.optsWithGlobals()
      exitCode = await work(openSession(invocation, options), this.args, schema.parse(options))
    }
  const program = createProgram(invocation, perform)
  try {
    await program.parseAsync([...invocation.argv], { from: 'user' })
    return exitCode
  } catch (error) {
    // With --json standard output has one document however it ends.
    const output = createOutput(invocation.streams, invocation.argv.includes('--json'))
    if (!(error instanceof CommanderError)) return explain(error, output, invocation)
    // It has said itself what there is to say, and printing help is no error.
    if (error.exitCode === 0) return exits.ok
    output.document({ error: { code: 'usage', message: error.message.replace(/^error: /, '') } })
    return exits.usage
  }
}

function createProgram({ streams }: Invocation, perform: Perform): Command {
  const program = new Command('stepladder')
    .description('Uploads, follows and manages videos of a Stepladder system.')
    .option('--api <url>', 'address of the API')
    .option('--json', 'machine-readable output')
    .version(version(), '--version')
    .addHelpText('after', about)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help says more)')
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      // It repeats what was typed, or what a script took from a stranger.
      writeErr: (text) => streams.stderr.write(text.replaceAll(/[^\n]+/g, (line) => paint(line, false))),
    })
    .exitOverride()
  for (const add of verbs) add(program, perform)
  return program
}

/** What the one who typed can do about it, which the API does not know. */
const hints: Readonly<Record<string, string>> = {
  usage: '--help says more',
  unauthenticated: 'STEPLADDER_KEY is the key; on a machine of the system `stepladder keys create` makes one',
  scope_missing: '`stepladder keys create --scopes …` makes such a key, on a machine of the system',
}

/** Says what went wrong to whoever typed the command. */
function explain(error: unknown, output: Output, { signal }: Invocation): number {
  output.screen.settle()
  // The caller knows by which signal.
  if (signal.aborted) return exits.failed
  if (!(error instanceof StepladderError)) throw error
  const { code } = error
  const message = messageOf(error)
  output.screen.say([{ text: 'stepladder: ', style: 'red' }, message])
  output.document({ error: { code, message } })
  const hint = hints[code]
  if (hint !== undefined) output.screen.say(`(${hint})`)
  if (code === 'usage') return exits.usage
  return code === 'api_unreachable' ? exits.unreachable : exits.failed
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return z.object({ version: z.string() }).parse(manifest).version
}
