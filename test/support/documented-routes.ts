import { makeDocument, type OpenApiDocument } from '../../src/api/openapi/document.ts'
import { type Scope, scopes } from '../../src/auth/scopes.ts'

export type DocumentedRoute = {
  /** `GET /videos/{id}`, for the name of a test. */
  name: string
  operationId: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  /** The token of a link to the video in the path will do. */
  link: boolean
  /** What a key must be for; `any`: a key is enough; null where none is asked for. */
  scope: Scope | 'any' | null
  /** Every status that the document tells of. */
  statuses: number[]
  /** The address with what is in braces filled in; what is not told stands there as a name of ours. */
  addressOf(params?: { [name: string]: string }): string
  /** Method, content type and the example of the body, as `fetch` takes them. */
  request: RequestInit
}

/** Every method of every address, out of the document alone: what is not in there does not exist. */
export function documentedRoutes(document: OpenApiDocument = makeDocument()): DocumentedRoute[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([word, { operationId, security, requestBody, responses }]) => {
      const method = methodOf(word)
      const body = requestBody?.content['application/json'].example
      return {
        name: `${method} ${path}`,
        operationId,
        method,
        path,
        scope: scopeIn(security),
        link: security.some((way) => 'link' in way),
        statuses: Object.keys(responses).map(Number),
        addressOf: (params = {}) =>
          path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(params[name] ?? unknownOf(name))),
        request: {
          method,
          ...(body !== undefined && {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
        },
      }
    }),
  )
}

function scopeIn(ways: readonly object[]): DocumentedRoute['scope'] {
  const [way] = ways.flatMap((one) => ('apiKey' in one ? [one.apiKey] : []))
  if (!Array.isArray(way)) return null
  return scopes.find((scope) => way.includes(scope)) ?? 'any'
}

function methodOf(word: string): DocumentedRoute['method'] {
  const method = word.toUpperCase()
  if (method === 'GET' || method === 'POST' || method === 'PATCH' || method === 'DELETE') return method
  throw new Error(`${word} is no method of this API`)
}

/** Of the form that is wanted, and of nothing that exists. */
function unknownOf(name: string): string {
  return name === 'id' ? '0198c4e2-0000-7000-8000-000000000000' : `unknown-${name}`
}
