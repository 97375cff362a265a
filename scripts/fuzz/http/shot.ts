import { createRandom, type Random } from '../../../test/chaos/support/random.ts'
import { fill } from './fill.ts'
import { mutate } from './mutate.ts'
import { bendBytes } from './mutate-wire.ts'
import { pick, type Things } from './mutation.ts'
import type { Group, Recording } from './recording.ts'
import { type FuzzRequest, toBytes } from './request.ts'

/**
 * How a request goes out. `whole`: as HTTP has it, and is to be answered. `twice`: two times in a row on one
 * connection, before the first answer. `bent`: with bytes and framing that are wrong. `broken`: the client leaves
 * after `bytes`.
 */
export type Shot = { number: number; request: FuzzRequest; bytes: Buffer } & (
  | { way: 'whole' | 'twice' | 'bent' }
  | { way: 'broken'; leave: 'end' | 'destroy' | 'reset' }
)

/** Number `number` of a seed: always the same one, but for the ids of what exists. */
export function aim(options: {
  seed: number
  number: number
  recording: Recording
  things: Things
  /** Headers that each request is to have, such as that of a key. */
  headers?: FuzzRequest['headers']
}): Shot {
  const { seed, number, recording, things, headers = [] } = options
  // Two draws apart for each number, so that neighbouring seeds have nothing in common.
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
  const base = choose(recording, random)
  const own = { ...base, headers: [...base.headers, ...headers] }
  const request = mutate(fill(own, things, random), random)
  const bytes = toBytes(request)
  const share = random.share()
  if (share < 0.85) return { number, request, way: 'whole', bytes }
  if (share < 0.88) return { number, request, way: 'twice', bytes: Buffer.concat([bytes, bytes]) }
  if (share < 0.95) return { number, request, way: 'bent', bytes: bendBytes(bytes, random) }
  const leave = pick(random, ['end', 'destroy', 'reset'] as const)
  // Whole in one of four, so that the work begins and has nobody to tell.
  const length = random.share() < 0.25 ? bytes.length : random.between(1, bytes.length + 1)
  return { number, request, way: 'broken', leave, bytes: bytes.subarray(0, length) }
}

/** Two of three requests are such as were taken before. */
function choose(recording: Recording, random: Random): FuzzRequest {
  const { good, all } = chooseGroup([...recording.values()], random)
  const chosen = pick(random, good.length > 0 && random.share() < 0.67 ? good : all)
  return random.share() < 0.3 ? withFieldsOf(chosen, pick(random, all)) : chosen
}

/** The fields of another one's query too: few have all that the route knows. */
function withFieldsOf(request: FuzzRequest, other: FuzzRequest): FuzzRequest {
  const [, more] = other.target.split('?')
  if (more === undefined || request.target.includes('?')) return request
  return { ...request, target: `${request.target}?${more}` }
}

/**
 * What takes more fields was recorded more often, and comes up more often, but not as much more, so that each
 * route has its share.
 */
function chooseGroup(groups: readonly Group[], random: Random): Group {
  const weights = groups.map(({ all }) => all.length ** 0.75)
  let left = random.share() * weights.reduce((sum, weight) => sum + weight, 0)
  const chosen = weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
  return groups[chosen] ?? pick(random, groups)
}
