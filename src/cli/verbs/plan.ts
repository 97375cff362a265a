import type { Command } from 'commander'
import { z } from 'zod'
import { planJob } from '../client/submit.ts'
import { discardUpload } from '../client/uploads.ts'
import { transferBlock } from '../screen/blocks.ts'
import { mediaLine } from '../screen/media-line.ts'
import { exits, type Perform, type Session, usage } from '../session.ts'
import { readSource } from '../source.ts'
import { createMeter } from '../upload/meter.ts'
import { describeFile, transferFile } from '../upload/transfer.ts'
import { examples } from './examples.ts'
import { planLines } from './plan-lines.ts'

const optionsSchema = z.object({ profile: z.string().optional(), perTitle: z.boolean().optional() })
type PlanOptions = z.infer<typeof optionsSchema>

const discardWithinMs = 5_000

export function addPlan(program: Command, perform: Perform): void {
  program
    .command('plan')
    .description('say what would be made of a file, and why; nothing is made or kept')
    .argument('<file>', 'a file, or the key of an object below source/')
    .option('--profile <name>', 'what to make of it')
    .option('--per-title', 'fit rungs and caps to the content')
    .addHelpText(
      'after',
      examples('plan film.mp4', "plan film.mp4 --profile hevc --json | jq '.plan.kept[].name'"),
    )
    .action(perform(optionsSchema, plan))
}

async function plan(session: Session, [given = '']: string[], options: PlanOptions): Promise<number> {
  const found = given.startsWith('source/')
    ? await ask(session, given, options)
    : await ofFile(session, given, options)
  session.output.document(found)
  session.output.print(mediaLine(found.media), '', ...planLines(found.plan))
  return exits.ok
}

function ask(session: Session, key: string, { profile, perTitle }: PlanOptions) {
  const wanted = {
    ...(profile !== undefined && { profile }),
    ...(perTitle !== undefined && { per_title: perTitle }),
  }
  return planJob(session, { source: { key }, ...wanted })
}

/** Uploads the file, asks, and takes it away again, however that ends. */
async function ofFile(session: Session, given: string, options: PlanOptions) {
  const source = readSource(given)
  if (source.kind === 'url') throw usage('a URL is fetched only once there is a job: give a file')
  const { screen } = session.output
  const file = await describeFile(source.path)
  const meter = createMeter(file.bytes, (transfer) =>
    screen.show(file.path, transferBlock(file.name, transfer)),
  )
  const { id, key } = await transferFile({ reach: session, file, notes: null, onBytes: meter.add })
  screen.settle()
  try {
    return await ask(session, key, options)
  } finally {
    const reach = { baseUrl: session.baseUrl, key: session.key, signal: AbortSignal.timeout(discardWithinMs) }
    await discardUpload(reach, id)
  }
}
