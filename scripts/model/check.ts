import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

const modelFolder = join(import.meta.dirname, '../../docs/model')

export type Check = {
  flags: readonly string[]
  live: boolean
  optimise: boolean
  memoryMb: number
  limitS: number
}

/** `holds`: every state was seen and none is bad. `violated`: with what was. `unfinished`: with why. */
export type Verdict = {
  verdict: 'holds' | 'violated' | 'unfinished'
  detail: string
  states: number
  cpuSeconds: number
}

/**
 * Translates the model with the given switches, compiles the verifier and runs it, in a temporary folder
 * that goes afterwards. Throws when the model or the verifier does not compile.
 */
export async function checkModel(check: Check): Promise<Verdict> {
  const cwd = await mkdtemp(join(tmpdir(), 'stepladder-model-'))
  try {
    await cp(modelFolder, cwd, { recursive: true })
    const defines = [...check.flags, ...(check.live ? ['-DLIVENESS'] : [])]
    const made = await timed(cwd, ['spin', ...defines, '-a', 'stepladder.pml'])
    const compiled = await timed(cwd, ['gcc', ...compilerFlags(check), '-o', 'pan', 'pan.c'])
    if (made.exitCode !== 0 || compiled.exitCode !== 0) throw new Error(`${made.stdout}${compiled.stderr}`)
    const limit = ['timeout', '--kill-after=5', String(check.limitS)]
    const searched = await timed(cwd, [...limit, './pan', '-m2000000', ...(check.live ? ['-a', '-f'] : [])])
    const cpuSeconds = made.cpuSeconds + compiled.cpuSeconds + searched.cpuSeconds
    return { ...judge(searched.stdout, searched.exitCode === timedOut), cpuSeconds }
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}

/** What `timeout` exits with when it had to end its command. */
const timedOut = 124

/** Runs a command; its processor time counts and not the clock's, since others use the machine too. */
async function timed(cwd: string, command: readonly string[]) {
  const { exitCode, stdout, stderr } = await execa(
    'bash',
    ['-c', 'TIMEFORMAT=%U; time "$@"', 'bash', ...command],
    {
      cwd,
      reject: false,
    },
  )
  return { exitCode, stdout, stderr, cpuSeconds: Number(stderr.trimEnd().split('\n').at(-1)) }
}

function compilerFlags({ live, optimise, memoryMb }: Check): string[] {
  return [
    // Optimising takes longer than it saves where the search is short.
    optimise ? '-O1' : '-O0',
    // States as large as two slots need; weak fairness for all processes.
    '-DVECTORSZ=2048',
    `-DMEMLIM=${memoryMb}`,
    '-DCOLLAPSE',
    ...(live ? ['-DNFAIR=4'] : ['-DSAFETY']),
  ]
}

/** Reads what `pan` says at its end. */
function judge(output: string, outOfTime: boolean): Omit<Verdict, 'cpuSeconds'> {
  const states = Number(/([\d.e+]+) states, stored/.exec(output)?.[1] ?? 0)
  if (outOfTime) return { verdict: 'unfinished', detail: 'out of time', states }
  const errors = /errors: (\d+)/.exec(output)?.[1]
  if (errors !== undefined && errors !== '0')
    return { verdict: 'violated', detail: violation(output), states }
  if (errors === undefined || /Search not completed|max search depth too small/.test(output)) {
    const why = /MEMLIM|out of memory/.test(output) ? 'out of memory' : 'the search did not end'
    return { verdict: 'unfinished', detail: why, states }
  }
  return { verdict: 'holds', detail: '', states }
}

/** `never_hint_is_lost` is the name of a promise in stepladder.pml; other assertions stand beside a transition. */
function violation(output: string): string {
  if (/acceptance cycle/.test(output)) return 'it never ends'
  const [, assertion = 'unknown'] = /assertion violated (.*?) \(at depth/.exec(output) ?? []
  return /^never_/.test(assertion)
    ? assertion.slice('never_'.length).replaceAll('_', ' ')
    : 'a step that must not be'
}
