import type { Random } from '../../../test/chaos/support/random.ts'
import { type Mutation, pick } from './mutation.ts'
import { hostileCharacters, hostileJson, hostileNames, hostileTexts } from './values.ts'

/** A place in a JSON value: what holds it, and its name there. */
type Place = { holder: Record<string, unknown>; name: string }

function hostile(random: Random): string {
  return random.share() < 0.5 ? JSON.stringify(pick(random, hostileTexts)) : pick(random, hostileJson)
}

const changes: readonly ((place: Place, value: unknown, random: Random) => string)[] = [
  // Another value.
  (_place, _value, random) => hostile(random),
  // A field more beside it.
  (_place, value, random) => {
    return `${JSON.stringify(value)},${JSON.stringify(pick(random, hostileNames))}:${hostile(random)}`
  },
  // The same field twice.
  ({ name }, value, random) => `${JSON.stringify(value)},${JSON.stringify(name)}:${hostile(random)}`,
  // Within a list, or within itself.
  (_place, value) => `[${JSON.stringify(value)}]`,
  (_place, value) => JSON.stringify({ source: value, key: value }),
  (_place, value) => `[${Array.from({ length: 300 }, () => JSON.stringify(value)).join(',')}]`,
]

/** Changes one value of a JSON body, in ways that no serializer would write; other bodies stay as they are. */
export const changeJson: Mutation = (request, random) => {
  const value = parsed(request.body)
  if (typeof value !== 'object' || value === null) return request
  const root = { value }
  const places = placesIn(root)
  const place = pick(random, places)
  const before = place.holder[place.name]
  const text = pick(random, changes)(place, before, random)
  place.holder[place.name] = mark
  const { value: marked } = root
  return { ...request, body: Buffer.from(JSON.stringify(marked).replace(`"${mark}"`, () => text)) }
}

/** One character of a text, be it a name or a value, becomes one that is hard to store. */
export const bendText: Mutation = (request, random) => {
  const text = request.body?.toString() ?? ''
  if (parsed(request.body) === null) return request
  const inTexts = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)]
  if (inTexts.length === 0) return request
  const { 0: quoted, index } = pick(random, inTexts)
  // An escape may be cut in two: then it is no JSON, which is fine.
  const at = index + random.between(1, quoted.length)
  return {
    ...request,
    body: Buffer.from(text.slice(0, at) + pick(random, hostileCharacters) + text.slice(at)),
  }
}

/** Leaves one field out. */
export const dropField: Mutation = (request, random) => {
  const value = parsed(request.body)
  if (typeof value !== 'object' || value === null) return request
  const places = placesIn({ value }).slice(1)
  if (places.length === 0) return request
  const { holder, name } = pick(random, places)
  delete holder[name]
  return { ...request, body: Buffer.from(JSON.stringify(value)) }
}

const mark = '\u2603here\u2603'

function parsed(body: Buffer | null): unknown {
  try {
    return JSON.parse(body?.toString() ?? '')
  } catch {
    return null // an earlier mutation made it none
  }
}

/** All places, the whole first. Bodies made by others may be deep, hence no recursion. */
function placesIn(root: object): Place[] {
  const places: Place[] = []
  const holders: object[] = [root]
  for (let holder = holders.pop(); holder; holder = holders.pop()) {
    if (!isRecord(holder)) continue
    for (const [name, value] of Object.entries(holder)) {
      places.push({ holder, name })
      if (typeof value === 'object' && value !== null) holders.push(value)
    }
  }
  return places
}

function isRecord(value: object): value is Record<string, unknown> {
  return Object.getOwnPropertySymbols(value).length === 0
}
