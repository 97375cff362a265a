import { methods } from './hostile-headers.ts'
import { type Mutation, pick, spliced } from './mutation.ts'
import { asBytes, type FuzzRequest } from './request.ts'
import { hostileNames, hostileParts, hostileTexts } from './values.ts'

export const changeMethod: Mutation = (request, random) => ({ ...request, method: pick(random, methods) })

export const replacePart: Mutation = (request, random) =>
  withParts(request, (parts) => {
    const at = random.between(1, Math.max(2, parts.length))
    return spliced(parts, at, { out: 1, put: [pick(random, hostileParts)] })
  })

export const addPart: Mutation = (request, random) =>
  withParts(request, (parts) => {
    const at = random.between(1, parts.length + 1)
    return spliced(parts, at, { out: 0, put: [pick(random, hostileParts)] })
  })

/** In the middle of a part, such as an id or the name of a file. */
export const bendPart: Mutation = (request, random) =>
  withParts(request, (parts) => {
    const at = random.between(Math.min(1, parts.length - 1), parts.length)
    const part = parts[at] ?? ''
    const within = random.between(0, part.length + 1)
    const bent = part.slice(0, within) + pick(random, hostileParts).slice(0, 12) + part.slice(within + 1)
    return spliced(parts, at, { out: 1, put: [bent] })
  })

export const replaceQueryValue: Mutation = (request, random) =>
  withFields(request, (fields) => {
    if (fields.length === 0) return fields
    const at = random.between(0, fields.length)
    const [name = ''] = (fields[at] ?? '').split('=')
    return spliced(fields, at, { out: 1, put: [`${name}=${spelt(pick(random, hostileTexts), random)}`] })
  })

/** One character of a value becomes one that is hard to store. */
export const bendQueryValue: Mutation = (request, random) =>
  withFields(request, (fields) => {
    if (fields.length === 0) return fields
    const at = random.between(0, fields.length)
    const [name = '', ...value] = (fields[at] ?? '').split('=')
    const text = value.join('=')
    const within = random.between(0, text.length + 1)
    const bent = text.slice(0, within) + pick(random, hardToStore) + text.slice(within)
    return spliced(fields, at, { out: 1, put: [`${name}=${bent}`] })
  })

export const addQueryField: Mutation = (request, random) =>
  withFields(request, (fields) => {
    const name = random.share() < 0.4 ? pick(random, knownFields) : spelt(pick(random, hostileNames), random)
    return [...fields, `${name}=${spelt(pick(random, hostileTexts), random)}`]
  })

export const repeatQueryField: Mutation = (request, random) =>
  withFields(request, (fields) => {
    if (fields.length === 0) return fields
    const times = pick(random, [1, 2, 500])
    return [...fields, ...Array.from({ length: times }, () => pick(random, fields))]
  })

/** The last three are no UTF-8. */
const hardToStore = [
  ...['%00', '%00', '%00'],
  '%5C',
  '%25',
  '%27',
  '%22',
  '_',
  '%0A',
  '%E2%80%A8',
  '%EF%BF%BF',
  '%F0%9F%92%A5',
  '%ED%A0%80',
  '%FF',
  '%',
]

/** Of all routes: each is unknown to most of them. */
const knownFields = [
  'status',
  'q',
  'limit',
  'cursor',
  'ids',
  'full',
  'runs',
  'outcome',
  'g',
  'token',
  'dry_run',
]

function spelt(text: string, { share }: Parameters<Mutation>[1]): string {
  // A space or a line break would end the first line, which other mutations are for.
  return share() < 0.7 ? encodeURIComponent(text) : asBytes(text).replaceAll(/[\0-\x20]/g, '+')
}

function withParts(request: FuzzRequest, change: (parts: string[]) => string[]): FuzzRequest {
  const [path = '', ...query] = request.target.split('?')
  return { ...request, target: [change(path.split('/')).join('/'), ...query].join('?') }
}

function withFields(request: FuzzRequest, change: (fields: string[]) => string[]): FuzzRequest {
  const [path = '', ...rest] = request.target.split('?')
  const fields = change(rest.length === 0 ? [] : rest.join('?').split('&'))
  return { ...request, target: fields.length === 0 ? path : `${path}?${fields.join('&')}` }
}
