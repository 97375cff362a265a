import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { allowOrigins, corsOutcomes } from '../../src/storage-cors.ts'
import { createStoreUnderTest, newKey, type StoreUnderTest } from './store-under-test.ts'

let store: StoreUnderTest
beforeAll(async () => {
  store = await createStoreUnderTest()
})
afterAll(() => store[Symbol.asyncDispose]())

const origin = 'https://films.example.org'
const lower = (header: string | null) => (header ?? '').toLowerCase()

describe('a page of another origin', () => {
  beforeAll(async () => {
    // MinIO has no such rules, and answers everybody as it comes.
    expect(['set', 'unsupported']).toContain(await allowOrigins(store.storage, ['*']))
  })

  test.each(['PUT', 'POST', 'GET', 'DELETE'])('may send a presigned %s', async (method) => {
    const url = await store.storage.presignUpload(newKey(), 60, { method, query: {} })
    const asked = {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type',
    }
    const { ok, headers } = await fetch(url, { method: 'OPTIONS', headers: asked })
    expect(ok).toBe(true)
    expect(['*', origin]).toContain(headers.get('access-control-allow-origin'))
    expect(headers.get('access-control-allow-methods')).toContain(method)
    expect(lower(headers.get('access-control-allow-headers'))).toMatch(/content-type|\*/)
  })

  test('sees the ETag of what it sent, which a completion needs', async () => {
    const url = await store.storage.presignUpload(newKey(), 60)
    const headers = { origin, 'content-type': 'video/mp4' }
    const answer = await fetch(url, { method: 'PUT', headers, body: 'a film' })
    expect(answer.status).toBe(200)
    expect(['*', origin]).toContain(answer.headers.get('access-control-allow-origin'))
    expect(lower(answer.headers.get('access-control-expose-headers'))).toMatch(/etag|\*/)
    expect(answer.headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/)
  })
})

describe('the rule of the bucket', () => {
  const rule = (id: string) => `<CORSRule><ID>${id}</ID><AllowedOrigin>*</AllowedOrigin></CORSRule>`
  const rules = (...ids: string[]) => `<CORSConfiguration>${ids.map(rule).join('')}</CORSConfiguration>`
  const error = (code: string) =>
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`
  const none = { status: 404, body: error('NoSuchCORSConfiguration') }
  let sent: string[]
  beforeEach(() => {
    sent = []
  })

  /** The store as others are: answers to GET and PUT `?cors`, documented by AWS. */
  function answering(answers: { [method: string]: { status: number; body: string } }) {
    store.proxy.meet((incoming: IncomingMessage, response: ServerResponse) => {
      const answer = answers[incoming.method ?? '']
      if (!answer || !/\?cors/.test(incoming.url ?? '')) return false
      void text(incoming).then((body) => {
        if (incoming.method === 'PUT') sent.push(body)
        response.writeHead(answer.status, { 'content-type': 'application/xml' }).end(answer.body)
      })
      return true
    })
    return allowOrigins(store.proxied, [origin, 'https://*.example.net'])
  }

  test('is set where there is none: the origins, what uploads and players send, and ETag', async () => {
    expect(await answering({ GET: none, PUT: { status: 200, body: '' } })).toBe('set')
    expect(sent).toEqual([
      '<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule><ID>stepladder</ID>' +
        `<AllowedOrigin>${origin}</AllowedOrigin><AllowedOrigin>https://*.example.net</AllowedOrigin>` +
        '<AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod><AllowedMethod>PUT</AllowedMethod>' +
        '<AllowedMethod>POST</AllowedMethod><AllowedMethod>DELETE</AllowedMethod><AllowedHeader>*</AllowedHeader>' +
        '<ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>3600</MaxAgeSeconds></CORSRule></CORSConfiguration>',
    ])
  })

  test('is replaced where it is ours, and left alone where anything is not', async () => {
    const kept = (...ids: string[]) => ({
      GET: { status: 200, body: rules(...ids) },
      PUT: { status: 200, body: '' },
    })
    expect(await answering(kept('stepladder'))).toBe('set')
    expect(sent).toHaveLength(1)
    expect(await answering(kept('stepladder', 'intranet'))).toBe('foreign')
    expect(await answering(kept('intranet'))).toBe('foreign')
    expect(sent).toHaveLength(1)
  })

  test.each([
    ['NotImplemented', 501, 'unsupported'],
    ['MethodNotAllowed', 405, 'unsupported'],
    ['AccessDenied', 403, 'refused'],
    ['MalformedXML', 400, 'refused'],
  ] as const)('that the store answers with %s is no failure', async (code, status, outcome) => {
    expect(await answering({ GET: none, PUT: { status, body: error(code) } })).toBe(outcome)
    expect(await answering({ GET: { status, body: error(code) } })).toBe(outcome)
    expect(corsOutcomes[outcome]).toMatch(/CORS/)
  })
})
