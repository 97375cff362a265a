import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type DocumentedRoute, documentedRoutes } from '../../../test/support/documented-routes.ts'
import { knownRequests } from './known.ts'
import type { FuzzRequest } from './request.ts'

/** Requests to begin from, by the name of what they ask for. */
export type Recording = ReadonlyMap<string, Group>
/** `good` are those that were answered with what they asked for, and the example of the reference. */
export type Group = { good: FuzzRequest[]; all: FuzzRequest[] }

/** HTTP Archive 1.2 as schemathesis writes it, bodies in base64 (`--report-preserve-bytes`). */
const harSchema = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({
          method: z.string(),
          url: z.url(),
          headers: z.array(z.object({ name: z.string(), value: z.string() })),
          postData: z.object({ text: z.string() }).optional(),
        }),
        response: z.object({ status: z.number() }),
      }),
    ),
  }),
})

/** What schemathesis or its client adds, and what `toBytes` does. */
const notOurs =
  /^(user-agent|authorization|accept-encoding|accept|connection|content-length|transfer-encoding|host|x-schemathesis-.*)$/i

/**
 * What a run of schemathesis sent, beside an example of each route out of the reference and what we know to
 * be good. What asks no route is one group.
 */
export function readRecording(harFile: string): Recording {
  const routes = documentedRoutes().map((route) => ({ route, matches: patternOf(route.path) }))
  const groups = new Map<string, Group>()
  const nameOf = ({ method, target }: FuzzRequest) =>
    routes.find(({ route, matches }) => route.method === method && matches.test(target.split('?')[0] ?? ''))
      ?.route.name ?? 'no route'
  const good = [...routes.map(({ route }) => exampleOf(route)), ...knownRequests].map((request) => {
    return { request, isGood: true }
  })
  for (const { request, isGood } of [...recorded(harFile), ...good]) {
    const name = nameOf(request)
    const group = groups.get(name) ?? { good: [], all: [] }
    group.all.push(request)
    if (isGood) group.good.push(request)
    groups.set(name, group)
  }
  return groups
}

function recorded(harFile: string): { request: FuzzRequest; isGood: boolean }[] {
  const { log } = harSchema.parse(JSON.parse(readFileSync(harFile, 'utf8')))
  return log.entries.map(({ request: { method, url, headers, postData }, response }) => ({
    isGood: response.status < 400,
    request: {
      method,
      target: url.slice(new URL(url).origin.length) || '/',
      headers: headers
        .filter(({ name }) => !notOurs.test(name))
        .map(({ name, value }) => [name, value] as const),
      body: postData ? Buffer.from(postData.text, 'base64') : null,
      chunked: false,
    },
  }))
}

function exampleOf({ method, addressOf, request: { headers, body } }: DocumentedRoute): FuzzRequest {
  const named = headers === undefined ? [] : [...new Headers(headers)]
  return {
    method,
    target: addressOf(),
    headers: named,
    body: typeof body === 'string' ? Buffer.from(body) : null,
    chunked: false,
  }
}

function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => (part.startsWith('{') ? '[^/]+' : RegExp.escape(part)))
  return new RegExp(`^${parts.join('/')}$`)
}
