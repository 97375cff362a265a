/** What can be made of a source, as data: the form of `profiles.json` and of a file of an operator's own. */
import { z } from 'zod'
import { TransientError } from '../../errors.ts'
import { encoders } from '../encoders/encoders.ts'
import { codecs } from '../model.ts'
import { boxNames } from './ladder-boxes.ts'

const mostProfiles = 50

export const profileNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'must be the name of a profile')

const rungSchema = z.strictObject({
  name: z.enum(boxNames, `must be one of ${boxNames.join(', ')}`),
  /** The cap at up to 30 frames a second. */
  max_bitrate_bps: z.int().min(10_000),
})

const videoSchema = z
  .strictObject({
    codec: z.enum(codecs, `must be one of ${codecs.join(', ')}`),
    preset: z.string(),
    crf: z.number(),
    /** The boxes that are offered; their sizes are the ladder's. */
    rungs: z
      .array(rungSchema)
      .min(1)
      .refine(areDistinct, { message: 'must not name a rung twice', abort: true }),
  })
  .superRefine(({ codec, preset, crf, rungs }, context) => {
    const { library, presets, crf: range, mostBps } = encoders[codec]
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (!presets.includes(preset)) refuse('preset', `${library} has ${presets.join(', ')}`)
    if (rungs.some((rung) => rung.max_bitrate_bps > mostBps)) {
      refuse('rungs', `${library} takes caps of ${mostBps} bits a second at most`)
    }
    const whole = !range.whole || Number.isInteger(crf)
    if (crf < range.least || crf > range.most || !whole) {
      refuse('crf', `${library} takes ${range.whole ? 'whole numbers ' : ''}${range.least} to ${range.most}`)
    }
  })

const profileSchema = z.strictObject({
  description: z
    .string()
    .max(300)
    .refine((text) => !/\p{Cc}/u.test(text), 'must be one line'),
  /** Null: no picture is made, even of a film. */
  video: videoSchema.nullable(),
  audio: z.strictObject({ bitrate_bps: z.int().min(32_000).max(512_000) }),
})

const profilesSchema = z
  .record(profileNameSchema, profileSchema)
  .refine((all) => Object.hasOwn(all, 'default'), 'must have a profile named default')
  .refine((all) => Object.keys(all).length <= mostProfiles, `must have ${mostProfiles} profiles at most`)

export type VideoProfile = z.infer<typeof videoSchema>
export type Profile = z.infer<typeof profileSchema> & { name: string }

/** By name, in the order of the file. */
export type Profiles = ReadonlyMap<string, Profile>

/** Profiles, or a sentence for each fault with the path of its field. */
export function parseProfiles(text: string): { profiles: Profiles } | { faults: string[] } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { faults: [`it is not JSON: ${error instanceof Error ? error.message : ''}`] }
  }
  const parsed = profilesSchema.safeParse(value)
  if (parsed.success) {
    return { profiles: new Map(Object.entries(parsed.data).map(([name, rest]) => [name, { name, ...rest }])) }
  }
  return {
    faults: parsed.error.issues.map(({ path, message }) =>
      [path.join('.'), message].filter(Boolean).join(': '),
    ),
  }
}

/**
 * The profile that a job asked for, when its plan is made. The API knew it; a worker with another file may
 * not, and throws TransientError `unknown_profile`.
 */
export function requireProfile(profiles: Profiles, name: string): Profile {
  const profile = profiles.get(name)
  if (profile) return profile
  const known = [...profiles.keys()].join(', ')
  throw new TransientError('unknown_profile', `this worker knows ${known}, but no profile ${name}`)
}

function areDistinct(rungs: readonly { name: string }[]): boolean {
  return new Set(rungs.map(({ name }) => name)).size === rungs.length
}
