import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Profile,
  type Profiles,
  parseProfiles,
  type VideoProfile,
} from '../../src/media/plan/profiles.ts'

/** The profiles that Stepladder comes with. */
export function ownProfiles(): Profiles {
  const read = parseProfiles(
    readFileSync(join(import.meta.dirname, '../../src/media/plan/profiles.json'), 'utf8'),
  )
  if ('profiles' in read) return read.profiles
  throw new Error(read.faults.join('; '))
}

export function profileNamed(name: string): Profile {
  const profile = ownProfiles().get(name)
  if (profile) return profile
  throw new Error(`no profile ${name}`)
}

export function videoProfile(name: string): VideoProfile {
  const { video } = profileNamed(name)
  if (video) return video
  throw new Error(`the profile ${name} makes no picture`)
}
