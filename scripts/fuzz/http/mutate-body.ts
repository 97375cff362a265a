import { type Mutation, pick } from './mutation.ts'
import type { FuzzRequest } from './request.ts'
import { hostileJson } from './values.ts'

export const flipBytes: Mutation = (request, random) =>
  withBody(request, (body) => {
    const bent = Buffer.from(body)
    for (let left = random.between(1, 5); left > 0 && bent.length > 0; left -= 1) {
      const at = random.between(0, bent.length)
      bent[at] = random.share() < 0.5 ? random.between(0, 256) : (bent[at] ?? 0) ^ (1 << random.between(0, 8))
    }
    return bent
  })

export const cutBody: Mutation = (request, random) =>
  withBody(request, (body) => body.subarray(0, random.between(0, body.length + 1)))

export const insertBytes: Mutation = (request, random) =>
  withBody(request, (body) => {
    const at = random.between(0, body.length + 1)
    const put = pick(random, [...hostileJson, '\0', '\xff', '\ufeff', ',', '}', '"', '\\u0000', '\u2028'])
    return Buffer.concat([body.subarray(0, at), Buffer.from(put), body.subarray(at)])
  })

export const replaceBody: Mutation = (request, random) => ({
  ...request,
  body: pick(random, [null, Buffer.from(pick(random, hostileJson)), huge, longest, randomBytes(random)]),
})

export const repeatBody: Mutation = (request) => withBody(request, (body) => Buffer.concat([body, body]))

export const encodeBody: Mutation = (request, random) =>
  withBody(request, (body) => {
    const text = body.toString()
    const codings = [
      () => Buffer.from(text, 'utf16le'),
      () => Buffer.from(text, 'latin1'),
      () => Buffer.from(`\ufeff${text}`),
      () => Buffer.from(encodeURIComponent(text)),
      () => Buffer.from(text.replaceAll(/[\x20-\x7e]/g, escaped)),
    ]
    return pick(random, codings)()
  })

export const sendInChunks: Mutation = (request) => ({ ...request, chunked: true })

/** More than any body may have, and as much as one may have. */
const huge = Buffer.alloc(200_000, ' ')
const longest = Buffer.from(JSON.stringify({ title: 'a'.repeat(65_500) }))

function randomBytes(random: Parameters<Mutation>[1]): Buffer {
  return Buffer.from(Array.from({ length: random.between(1, 200) }, () => random.between(0, 256)))
}

function escaped(character: string): string {
  const isPart = '{}[]",:\\'.includes(character)
  return isPart ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function withBody(request: FuzzRequest, change: (body: Buffer) => Buffer): FuzzRequest {
  return { ...request, body: change(request.body ?? Buffer.from('{}')) }
}
