import type { Random } from '../../../test/chaos/support/random.ts'
import {
  cutBody,
  encodeBody,
  flipBytes,
  insertBytes,
  repeatBody,
  replaceBody,
  sendInChunks,
} from './mutate-body.ts'
import {
  addHeader,
  addIdempotencyKey,
  addManyHeaders,
  dropHeader,
  repeatHeader,
  replaceHeader,
} from './mutate-headers.ts'
import { bendText, changeJson, dropField } from './mutate-json.ts'
import {
  addPart,
  addQueryField,
  bendPart,
  bendQueryValue,
  changeMethod,
  repeatQueryField,
  replacePart,
  replaceQueryValue,
} from './mutate-target.ts'
import { type Mutation, pick } from './mutation.ts'
import type { FuzzRequest } from './request.ts'

/** Each with how often it comes up among all of them. */
const mutations: readonly (readonly [weight: number, mutation: Mutation])[] = [
  [12, changeJson],
  [8, bendText],
  [3, dropField],
  [3, flipBytes],
  [2, cutBody],
  [2, insertBytes],
  [2, replaceBody],
  [1, repeatBody],
  [1, encodeBody],
  [1, sendInChunks],
  [3, replacePart],
  [1, addPart],
  [3, bendPart],
  [6, replaceQueryValue],
  [6, bendQueryValue],
  [4, addQueryField],
  [1, repeatQueryField],
  [1, changeMethod],
  [5, addHeader],
  [3, replaceHeader],
  [1, dropHeader],
  [1, repeatHeader],
  [0.2, addManyHeaders],
  [2, addIdempotencyKey],
]
const deck = mutations.flatMap(([weight, mutation]) => Array.from({ length: weight * 5 }, () => mutation))

/** The request with up to three things about it changed; one in five stays as it is. */
export function mutate(request: FuzzRequest, random: Random): FuzzRequest {
  const times = pick(random, [0, 0, 1, 1, 1, 1, 1, 1, 2, 3])
  let mutant = request
  for (let done = 0; done < times; done += 1) {
    // One that finds nothing to change leaves the turn to another one.
    for (let tries = 0; tries < 5; tries += 1) {
      const next = pick(random, deck)(mutant, random)
      if (next === mutant) continue
      mutant = next
      break
    }
  }
  return mutant
}
