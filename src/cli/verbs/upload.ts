import { type Command, InvalidArgumentError, Option } from 'commander'
import { messageOf, StepladderError } from '../../errors.ts'
import { priorities } from '../../jobs/state.ts'
import { listProfiles } from '../client/submit.ts'
import { exits, type Perform, type Session, usage } from '../session.ts'
import { readSource } from '../source.ts'
import { createNotes } from '../upload/notes.ts'
import { createSlots } from '../upload/slots.ts'
import { examples } from './examples.ts'
import { handIn, type UploadOptions, uploadOptionsSchema } from './hand-in.ts'

const filesAtOnce = 2

export function addUpload(program: Command, perform: Perform): void {
  program
    .command('upload')
    .description('make videos of files or URLs; a file that was interrupted goes on where it stopped')
    .argument('<file...>', 'files, or http and https URLs')
    .option('-w, --watch', 'follow the videos until they are over; fail unless all are completed')
    .option('--title <text>', "instead of the file's name")
    .option('--profile <name>', 'what to make of it')
    .option('--per-title', 'fit rungs and caps to the content')
    .option('--quality', 'measure each rung against the source')
    .option('--allow-partial', 'keep what there is of a damaged source')
    .addOption(new Option('--priority <class>', 'how soon').choices(priorities))
    .option('--metadata <key=value>', 'something of yours that comes back as it is; repeatable', pair, {})
    .addHelpText(
      'after',
      examples(
        'upload film.mp4 --watch',
        'upload *.mp4 --priority low --metadata course=7',
        "upload film.mp4 --title 'A film' --profile hevc --json | jq -r '.results[].video.id'",
        'upload https://example.com/film.mp4',
      ),
    )
    .action(perform(uploadOptionsSchema, upload))
}

async function upload(session: Session, args: string[], options: UploadOptions): Promise<number> {
  const { output, signal, baseUrl, invocation } = session
  const sources = args.map(readSource)
  if (options.title !== undefined && sources.length > 1) throw usage('--title goes with one file')
  await requireProfile(session, options.profile)
  const tools = {
    session,
    options,
    notes: createNotes(invocation.config.XDG_STATE_HOME, baseUrl),
    inSlot: createSlots(filesAtOnce),
  }
  const remind = () => output.screen.say('interrupted; the same command goes on where it stopped')
  signal.addEventListener('abort', remind)
  const results = await Promise.all(
    sources.map(async (source, index) => {
      const name = args[index] ?? ''
      try {
        const { video, line } = await handIn(tools, source)
        output.print(line)
        return { source: name, video, error: null, isFine: !options.watch || video.status === 'completed' }
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof StepladderError)) throw error
        output.screen.say([{ text: 'stepladder: ', style: 'red' }, `${name}: ${messageOf(error)}`])
        return {
          source: name,
          video: null,
          error: { code: error.code, message: messageOf(error) },
          isFine: false,
        }
      }
    }),
  )
  output.document({ results: results.map(({ isFine: _, ...result }) => result) })
  if (results.some(({ error }) => error?.code === 'api_unreachable')) return exits.unreachable
  return results.every(({ isFine }) => isFine) ? exits.ok : exits.failed
}

/** Before the bytes are sent, and not after. */
async function requireProfile(session: Session, name: string | undefined): Promise<void> {
  if (name === undefined) return
  const names = await listProfiles(session)
  if (!names.includes(name)) throw usage(`there is no profile ${name}; there are ${names.join(', ')}`)
}

function pair(text: string, earlier: Record<string, string>): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined) throw new InvalidArgumentError('It must be key=value.')
  return { ...earlier, [key]: value }
}
