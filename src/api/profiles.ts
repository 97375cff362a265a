import { Hono } from 'hono'
import type { Profile, Profiles } from '../media/plan/profiles.ts'
import type { ApiContext } from './context.ts'
import { InvalidRequest } from './problem.ts'

/** `GET /profiles`: what a job can ask for. */
export function profileRoutes(context: ApiContext): Hono {
  return new Hono().get('/profiles', (c) =>
    c.json({ profiles: [...context.profiles.values()].map(profileView) }),
  )
}

/** Throws `invalid_request`, which names the known ones. */
export function knownProfile(profiles: Profiles, name: string): Profile {
  const profile = profiles.get(name)
  if (profile) return profile
  throw new InvalidRequest([
    { path: 'profile', message: `must be one of ${[...profiles.keys()].join(', ')}` },
  ])
}

function profileView({ name, description, video, audio }: Profile) {
  return { name, description, video, audio: { codec: 'aac', ...audio } }
}
