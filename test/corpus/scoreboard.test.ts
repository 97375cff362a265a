import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { submitJob } from '../../src/cli/client/submit.ts'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { StepladderError } from '../../src/errors.ts'
import { untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'
import { colourCases } from './cases/colour.ts'
import { containerCases } from './cases/containers.ts'
import { coverCases } from './cases/covers.ts'
import { damageCases } from './cases/damage.ts'
import { fieldCases } from './cases/fields.ts'
import { geometryCases } from './cases/geometry.ts'
import { lengthCases } from './cases/lengths.ts'
import { rateCases } from './cases/rates.ts'
import { soundCases } from './cases/sound.ts'
import { syncCases } from './cases/sync.ts'
import { textCases } from './cases/texts.ts'
import { boardOf, type Line, type Row } from './support/board.ts'
import { type Case, matches, type Wanted } from './support/case.ts'
import { type Facts, factsOf } from './support/facts.ts'

const topics = {
  'the picture': geometryCases,
  covers: coverCases,
  'frame rates': rateCases,
  fields: fieldCases,
  colours: colourCases,
  'picture and sound': syncCases,
  sound: soundCases,
  containers: containerCases,
  'captions and titles': textCases,
  lengths: lengthCases,
  'damaged and false files': damageCases,
}
const page = join(import.meta.dirname, '../../docs/media.md')

let system: TestSystem
const judged = new Map<Case, Row>()

beforeAll(async () => {
  system = await createTestSystem({
    workers: 1,
    slots: 2,
    // 240 pictures a second are one of the cases.
    environment: { RETRY_BASE_MS: '100', MAX_ATTEMPTS: '2', MAX_SOURCE_FPS: '240' },
  })
})
afterAll(async () => {
  await system?.dispose()
  const cases = Object.values(topics).flat()
  const board = boardOf(cases.flatMap((one) => judged.get(one) ?? []))
  console.log(board)
  // Of all cases or not at all. `npm run corpus` sets it.
  if (process.env.KEEP_BOARD && judged.size === cases.length) keep(board)
})

for (const [topic, cases] of Object.entries(topics)) {
  describe(topic, () => {
    test.each(cases)('$name', async (one) => {
      const lines = await judge(one)
      judged.set(one, { name: one.name, lines })
      expect(lines.filter(({ right }) => !right)).toEqual([])
    })
  })
}

async function judge(one: Case): Promise<Line[]> {
  const facts = await outcomeOf(one)
  const lines: Line[] = []
  for (const [fact, wanted] of Object.entries(one.wants) as [keyof Facts, Wanted][]) {
    const got: unknown = await facts[fact]?.().catch((error: unknown) => `not measured: ${error}`)
    const right = matches(got, wanted)
    lines.push({ fact, wanted, got, right })
    // Nothing more can be learned of a video that is not there.
    if (fact === 'status' && !right) {
      const error = await facts.error?.()
      return [...lines, { fact: 'error', wanted: null, got: error, right: false }]
    }
  }
  return lines
}

/** Submits the file and waits for the end; a job that is refused has a status and an error too. */
async function outcomeOf({ make, job }: Case): Promise<Partial<Facts>> {
  const source = await make()
  const key = await uploadFile({ baseUrl: system.baseUrl, path: source })
  try {
    const { id } = await submitJob(system.baseUrl, { ...job, source: { key } })
    await untilEnded(system, id)
    return factsOf({ system, videoId: id, source })
  } catch (error) {
    if (!(error instanceof StepladderError)) throw error
    const { code } = error
    return { error: async () => code }
  }
}

function keep(board: string): void {
  const text = readFileSync(page, 'utf8')
  const place = /(?<=<!-- corpus -->\n).*?(?=<!-- \/corpus -->)/s
  writeFileSync(
    page,
    text.replace(place, () => `\n${board}\n\n`),
  )
}
