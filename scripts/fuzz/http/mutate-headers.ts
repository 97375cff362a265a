import { hostileHeaders } from './hostile-headers.ts'
import { type Mutation, pick, spliced } from './mutation.ts'

export const addHeader: Mutation = (request, random) => {
  const [name, values] = pick(random, hostileHeaders)
  return { ...request, headers: [...request.headers, [name, pick(random, values)]] }
}

export const replaceHeader: Mutation = (request, random) => {
  const [name, values] = pick(random, hostileHeaders)
  const others = request.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase())
  return { ...request, headers: [...others, [name, pick(random, values)]] }
}

export const dropHeader: Mutation = (request, random) => {
  if (request.headers.length === 0) return request
  const at = random.between(0, request.headers.length)
  return { ...request, headers: spliced(request.headers, at, { out: 1, put: [] }) }
}

export const repeatHeader: Mutation = (request, random) => {
  if (request.headers.length === 0) return request
  const [name, value] = pick(random, request.headers)
  return { ...request, headers: [...request.headers, [name, value]] }
}

export const addManyHeaders: Mutation = (request, random) => {
  const count = pick(random, [30, 300, 2_500])
  const many = Array.from({ length: count }, (_, index): [string, string] => [`x-${index}`, 'a'])
  return { ...request, headers: [...request.headers, ...many] }
}

/** Under one of few keys, so that requests repeat each other's. */
export const addIdempotencyKey: Mutation = (request, random) => ({
  ...request,
  headers: [...request.headers, ['Idempotency-Key', `fuzz-${random.between(0, 20)}`]],
})
