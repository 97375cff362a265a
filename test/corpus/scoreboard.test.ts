import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { submitJob, uploadFile } from '../../scripts/demo/submit.ts'
import { untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { colourCases } from './cases/colour.ts'
import { containerCases } from './cases/containers.ts'
import { damageCases } from './cases/damage.ts'
import { geometryCases } from './cases/geometry.ts'
import { lengthCases } from './cases/lengths.ts'
import { rateCases } from './cases/rates.ts'
import { soundCases } from './cases/sound.ts'
import { type Case, matches, shown, type Wanted } from './support/case.ts'
import { type Facts, factsOf } from './support/facts.ts'

const topics = {
  'the picture': geometryCases,
  'frame rates': rateCases,
  colours: colourCases,
  sound: soundCases,
  containers: containerCases,
  'damaged and false files': damageCases,
  lengths: lengthCases,
}
type Line = { name: string; wanted: string; got: string; right: boolean }

let system: TestSystem
const board: Line[] = []

beforeAll(async () => {
  system = await createTestSystem({
    workers: 1,
    slots: 2,
    environment: { RETRY_BASE_MS: '100', MAX_ATTEMPTS: '2' },
  })
})
afterAll(async () => {
  await system?.dispose()
  print(board)
})

for (const [topic, cases] of Object.entries(topics)) {
  describe(topic, () => {
    test.each(cases)('$name', async (one) => {
      const lines = await judge(one)
      board.push(...lines)
      expect(lines.filter(({ right }) => !right)).toEqual([])
    })
  })
}

async function judge({ name, make, wants }: Case): Promise<Line[]> {
  const key = await uploadFile({ baseUrl: system.baseUrl, path: await make() })
  const { id } = await submitJob(system.baseUrl, { source: { key } })
  await untilEnded(system, id)
  const facts = factsOf(system, id)
  const lines: Line[] = []
  for (const [fact, wanted] of Object.entries(wants) as [keyof Facts, Wanted][]) {
    const got: unknown = await facts[fact]().catch((error: unknown) => `not measured: ${error}`)
    lines.push({
      name: `${name}: ${fact}`,
      wanted: shown(wanted),
      got: shown(got),
      right: matches(got, wanted),
    })
    // Nothing more can be learned of a video that is not there.
    if (fact === 'status' && got !== wanted) {
      lines.push({ name: `${name}: error`, wanted: '', got: shown(await facts.error()), right: false })
      return lines
    }
  }
  return lines
}

function print(lines: readonly Line[]): void {
  const wrong = lines.filter(({ right }) => !right)
  const rows = lines.map(
    ({ name, wanted, got, right }) => `| ${name} | ${wanted} | ${got} | ${right ? 'yes' : 'NO'} |`,
  )
  console.log(['| case | wanted | got | right |', '|---|---|---|---|', ...rows].join('\n'))
  console.log(`${lines.length - wrong.length} of ${lines.length} right`)
}
