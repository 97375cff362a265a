import type { Random } from '../../../test/chaos/support/random.ts'
import { placeholderNames, placeholders } from './known.ts'
import { pick, type Things } from './mutation.ts'
import type { FuzzRequest } from './request.ts'

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** Names what exists, mostly, where a recorded request named an id or a source that was there at its time. */
export function fill(request: FuzzRequest, things: Things, random: Random): FuzzRequest {
  const { method, target, headers, body } = request
  const mayPlay = method === 'GET'
  const named = target.replaceAll(uuid, (old, at) => {
    if (random.share() > 0.8) return old
    return pick(random, idsFor(target.slice(0, at), things, mayPlay && random.share() < 0.5))
  })
  return {
    ...request,
    target: withSecrets(named, things),
    headers: headers.map(([name, value]) => [name, withSecrets(value, things)] as const),
    body: body && Buffer.from(filled(body.toString('latin1'), things, random), 'latin1'),
  }
}

/** Of the kind that the path names before them; others, as in a query, are of videos. */
function idsFor(before: string, { ids, playable }: Things, isPlayable: boolean): readonly string[] {
  if (before.endsWith('/uploads/')) return ids.uploads
  if (before.endsWith('/webhooks/')) return ids.webhooks
  return isPlayable ? playable : ids.videos
}

function filled(body: string, things: Things, random: Random): string {
  const key = pick(random, things.keys)
  const isKept = random.share() < 0.3
  const named = isKept ? body : body.replaceAll(/"source\/[^"\\]*"/g, () => JSON.stringify(key))
  return withSecrets(named, things)
}

function withSecrets(text: string, { secrets }: Things): string {
  return placeholderNames.reduce((now, name) => now.replaceAll(placeholders[name], () => secrets[name]), text)
}
