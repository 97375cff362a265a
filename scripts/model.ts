// `npm run model`: checks the protocol's model in bounded scopes, and that it notices each mutant.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { execa } from 'execa'
import { markdownTable } from './bench/table.ts'
import { checkModel, type Verdict } from './model/check.ts'
import { describeSwitches, mutants, scopes, switchFlags } from './model/scopes.ts'

const usage = `Checks the protocol of jobs and tasks exhaustively in bounded scopes (docs/model/).

npm run model                     the small scopes and every mutant
npm run model -- --large          the large scopes too: some minutes more
npm run model -- NAME …           only the scopes and mutants of these names
  --memory MB                     for each search; 4000 if not given
  --minutes N                     for each search; 60 if not given
  --list                          what there is`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    large: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    memory: { type: 'string', default: '4000' },
    minutes: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
})

type Row = { name: string; what: string; wanted: Verdict['verdict']; run: () => Promise<Verdict> }
const limits = { memoryMb: Number(values.memory), limitS: Number(values.minutes) * 60 }
const rows: Row[] = [
  ...scopes
    .filter((scope) => positionals.length > 0 || values.large || scope.size === 'small')
    .map((scope) => ({
      name: scope.name,
      what: describeSwitches(scope.switches),
      wanted: 'holds' as const,
      run: () =>
        checkModel({
          ...limits,
          flags: switchFlags(scope.switches),
          live: scope.live ?? false,
          optimise: scope.size === 'large',
        }),
    })),
  ...mutants.map((mutant) => ({
    name: mutant.name,
    what: mutant.breaks,
    wanted: 'violated' as const,
    run: () =>
      checkModel({
        ...limits,
        flags: [`-DMUT_${mutant.name}`, ...switchFlags(mutant.switches)],
        live: false,
        optimise: false,
      }),
  })),
].filter((row) => positionals.length === 0 || positionals.includes(row.name))

if (values.help) console.log(usage)
else if (values.list) console.log(rows.map((row) => `${row.name.padEnd(32)} ${row.what}`).join('\n'))
else process.exitCode = (await toolsAreThere()) ? await runAll() : 1

async function toolsAreThere(): Promise<boolean> {
  const missing: string[] = []
  for (const [tool, flag] of [
    ['spin', '-V'],
    ['gcc', '--version'],
  ] as const) {
    if ((await execa(tool, [flag], { reject: false })).failed) missing.push(tool)
  }
  if (missing.length > 0) {
    console.error(
      `${missing.join(' and ')} not found: ./scripts/setup.sh --with-spin, or apt-get install spin gcc libc6-dev`,
    )
  }
  return missing.length === 0
}

/** Two searches at a time; 1 when a scope does not hold or a mutant survives. */
async function runAll(): Promise<number> {
  if (rows.length === 0) {
    console.error('there is no scope and no mutant of that name: see --list')
    return 1
  }
  const verdicts = new Map<Row, Verdict>()
  const waiting = [...rows]
  const search = async () => {
    for (let row = waiting.shift(); row; row = waiting.shift()) {
      const verdict = await row.run()
      verdicts.set(row, verdict)
      const count = `${verdicts.size}/${rows.length}`
      console.error(`${count.padStart(5)}  ${row.name}: ${verdict.verdict} ${verdict.detail}`.trimEnd())
    }
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, search))
  const wrong = rows.filter((row) => verdicts.get(row)?.verdict !== row.wanted)
  console.log(
    markdownTable(
      ['scope', 'what may happen', 'states', 'cpu s', 'verdict'],
      rows.map((row) => cells(row, verdicts.get(row))),
    ),
  )
  for (const row of wrong) console.error(`not as it should be: ${row.name}`)
  return wrong.length === 0 ? 0 : 1
}

function cells(row: Row, verdict: Verdict | undefined): string[] {
  if (!verdict) return [row.name, row.what, '', '', 'not run']
  const { states, cpuSeconds, detail } = verdict
  const said = row.wanted === 'violated' && verdict.verdict === 'violated' ? 'caught' : verdict.verdict
  return [
    row.name,
    row.what,
    states.toLocaleString('en'),
    cpuSeconds.toFixed(1),
    detail ? `${said}: ${detail}` : said,
  ]
}
