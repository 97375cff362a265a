import type { Command } from 'commander'
import { z } from 'zod'
import { defaultOwner, scopes } from '../../auth/scopes.ts'
import { type Perform, usage } from '../session.ts'
import { examples } from './examples.ts'

const unitsS = { h: 3_600, d: 86_400 } as const

/** Names are shown in tables and logs; owners stand in rows, and are compared byte by byte. */
const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u)
const ownerSchema = z.string().regex(/^[\w.@-]{1,100}$/)

const createSchema = z.object({
  name: z.string(),
  owner: z.string().default(defaultOwner),
  scopes: z.string().default('submit,read'),
  expires: z.string().optional(),
})
export type NewKey = {
  name: string
  owner: string
  scopes: (typeof scopes)[number][]
  expiresInS: number | null
}

export function addKeys(program: Command, perform: Perform): void {
  const keys = program
    .command('keys')
    .description('make, list and revoke the keys of the API, on a machine of the system')
    .addHelpText(
      'after',
      `${examples(
        'keys create --name laptop',
        'keys create --name ops --scopes submit,read,admin --expires 90d',
        'keys revoke 4f1d2c3b5a697887',
      )}

Talks to the database, and so needs DATABASE_URL; the API need not run. Scopes: submit (jobs, uploads,
and what is done to videos), read (videos and progress), admin (the system as a whole).`,
    )
  keys
    .command('create')
    .description('make a key and print it, this once')
    .requiredOption('--name <name>', 'what it is for, shown in lists')
    .option('--owner <owner>', 'whose videos it makes and sees', defaultOwner)
    .option('--scopes <list>', `some of ${scopes.join(', ')}`, 'submit,read')
    .option('--expires <time>', 'after so many hours or days, as in 12h or 90d; never unless given')
    .action(
      perform(createSchema, async (session, _args, options) => {
        const key = newKey(options)
        // The database is loaded by the few verbs that talk to it: half of a start otherwise.
        const { create } = await import('../keys/change.ts')
        return create(session, key)
      }),
    )
  keys
    .command('list')
    .description('all keys, the latest first; never their secrets')
    .action(
      perform(z.unknown(), async (session) => {
        const { list } = await import('../keys/change.ts')
        return list(session)
      }),
    )
  keys
    .command('revoke')
    .description('end keys at once, with the sessions and links that came of them')
    .argument('<id...>', 'the part of a key before its dot')
    .action(
      perform(z.unknown(), async (session, ids) => {
        const { revoke } = await import('../keys/change.ts')
        return revoke(session, ids)
      }),
    )
}

/** Throws `usage`. */
function newKey(options: z.infer<typeof createSchema>): NewKey {
  const name = nameSchema.safeParse(options.name)
  if (!name.success) throw usage('--name must have 1 to 100 characters that can be printed')
  if (!ownerSchema.safeParse(options.owner).success)
    throw usage('--owner must have 1 to 100 letters, digits or signs of . _ - @')
  const wanted = z.array(z.enum(scopes)).min(1).safeParse(options.scopes.split(','))
  if (!wanted.success) throw usage(`--scopes must be some of ${scopes.join(', ')}, separated by commas`)
  return {
    name: name.data,
    owner: options.owner,
    scopes: [...new Set(wanted.data)],
    expiresInS: options.expires === undefined ? null : seconds(options.expires),
  }
}

function seconds(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,4})([hd])$/.exec(text) ?? []
  if (number === undefined || (unit !== 'h' && unit !== 'd'))
    throw usage(`--expires must be hours or days, as in 12h or 90d: ${text}`)
  return Number(number) * unitsS[unit]
}
