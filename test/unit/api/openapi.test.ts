import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { makeDocument } from '../../../src/api/openapi/document.ts'
import { operations } from '../../../src/api/openapi/operations.ts'
import { problemsOf } from '../../../src/api/openapi/problem-answers.ts'
import { checkAnswer } from '../../support/check-answer.ts'
import { documentedRoutes } from '../../support/documented-routes.ts'
import { routesOfTheApp } from '../../support/routes.ts'

const root = join(import.meta.dirname, '../../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const document = makeDocument()

test('every route of the app is in the document, and no other one', () => {
  const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  // A route that is missing here is to be described in src/api/openapi/, in the file of its resource.
  expect(documented.sort()).toEqual(routesOfTheApp())
})

test('the document in the repository is the one that the API answers; npm run openapi writes it anew', () => {
  expect(JSON.parse(read('docs/openapi.json'))).toEqual(JSON.parse(JSON.stringify(document)))
})

test('every reference within the document leads somewhere', () => {
  const text = JSON.stringify(document)
  const targets = [...text.matchAll(/"\$ref":"#\/([^"]*)"/g)].map(([, path = '']) => path)
  expect(targets.length).toBeGreaterThan(60)
  expect(targets.filter((path) => at(document, path.split('/')) === undefined)).toEqual([])
  expect(text).not.toContain('$defs')
})

test('every operation has a name of its own, words, and an answer that is no problem', () => {
  const ids = operations.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { id, summary, answers } of operations) {
    expect(summary, id).toMatch(/^[A-Z].*[^.]$/)
    expect(
      Object.keys(answers).some((status) => Number(status) < 400),
      id,
    ).toBe(true)
  }
})

test('every field of a query and every field of a body says what it is for', () => {
  const mute = operations.flatMap(({ id, query, body }) => {
    const shapes = [query, body?.schema].map((schema) => (schema ? fieldsOf(schema) : {}))
    const fields = shapes.flatMap((shape) => Object.entries(shape))
    return fields.filter(([, field]) => !descriptionOf(field)).map(([name]) => `${id}: ${name}`)
  })
  expect(mute).toEqual([])
})

test('every example is what its schema takes', () => {
  const examples = operations.flatMap(({ id, body, answers }) => [
    ...(body?.example === undefined ? [] : [{ id, schema: body.schema, example: body.example }]),
    ...Object.values(answers).flatMap(({ json, example }) =>
      json && example !== undefined ? [{ id, schema: json, example }] : [],
    ),
  ])
  const wrong = examples.filter(({ schema, example }) => !schema.safeParse(example).success)
  expect(examples.length).toBeGreaterThan(10)
  expect(wrong.map(({ id }) => id)).toEqual([])
})

test('the table of problems on the page of errors and the document have the same codes', () => {
  const inDocument = new Set(operations.flatMap((operation) => problemsOf(operation).map(({ code }) => code)))
  const onPage = [...read('docs/errors.md').matchAll(/^\| `(\w+)` \| \d{3} \|/gm)].map(
    ([, code = '']) => code,
  )
  // Answers where there is no route.
  const elsewhere = [
    'route_not_found',
    'method_not_allowed',
    'malformed_request',
    'request_too_slow',
    'headers_too_large',
  ]
  const sourceCodes = [...read('docs/media.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, code = '']) => code)
  expect(onPage.filter((code) => !inDocument.has(code) && !elsewhere.includes(code))).toEqual([])
  expect([...inDocument].filter((code) => !onPage.includes(code) && !sourceCodes.includes(code))).toEqual([])
})

test('the routes that tests are made of come out of the document, with addresses and bodies', () => {
  const routes = documentedRoutes(document)
  expect(routes.map(({ name }) => name).sort()).toEqual(routesOfTheApp())
  const sign = routes.find(({ operationId }) => operationId === 'signUploadRequest')
  expect(sign).toMatchObject({ scope: 'submit', method: 'POST' })
  expect(sign?.addressOf({ id: 'a/b' })).toBe('/uploads/a%2Fb/sign')
  expect(sign?.request.body).toContain('upload_id')
  expect(routes.find(({ operationId }) => operationId === 'isAlive')?.scope).toBeNull()
})

const video = '/videos/0198c4e2-7a31-7c3e-9d40-5f3b1c2a9e10'
const problem = (code: string, status: number) =>
  new Response(
    JSON.stringify({
      type: `urn:stepladder:problem:${code}`,
      ...{ title: 'T', status, code, detail: 'D.', request_id: 'R' },
    }),
    { status, headers: { 'content-type': 'application/problem+json' } },
  )
const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const check = (path: string, answer: Response, method = 'GET') =>
  checkAnswer({ method, url: `http://api${path}` }, answer)

test('an answer that is as documented passes the check of the tests', async () => {
  await check('/healthz', json({ status: 'ok' }))
  await check(video, problem('video_not_found', 404))
  await check('/nowhere', problem('route_not_found', 404))
  await check(video, problem('method_not_allowed', 405), 'PUT')
  await check('/healthz', new Response(null, { headers: { 'content-type': 'application/json' } }), 'HEAD')
})

test('an answer with another status, type, field or problem fails the check of the tests', async () => {
  await expect(check('/healthz', json({ status: 'ok' }, 201))).rejects.toThrow('not documented')
  await expect(check('/healthz', json({ status: 'ok', more: 1 }))).rejects.toThrow('more')
  await expect(check('/healthz', json({}))).rejects.toThrow('status')
  await expect(check('/healthz', new Response('ok'))).rejects.toThrow('content type')
  await expect(check(video, problem('upload_expired', 410))).rejects.toThrow('upload_expired')
  await expect(check(video, problem('video_not_found', 409))).rejects.toThrow('video_not_found')
  await expect(check(video, json({ code: 'video_not_found' }, 404))).rejects.toThrow('content type')
  await expect(check('/nowhere', json({}))).rejects.toThrow('not documented')
  await expect(check(video, json({}), 'PUT')).rejects.toThrow('not documented')
})

function at(value: unknown, [name, ...rest]: string[]): unknown {
  if (name === undefined) return value
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : []
  return at(inner.find(([key]) => key === name.replaceAll('~1', '/'))?.[1], rest)
}

/** The words may stand on either side of what is optional or transformed. */
function descriptionOf(field: z.ZodType): string | undefined {
  if (field.description !== undefined) return field.description
  if (field instanceof z.ZodOptional) return descriptionOf(field.unwrap() as z.ZodType)
  return field instanceof z.ZodPipe ? descriptionOf(field.in as z.ZodType) : undefined
}

/** The fields of an object, also where it is checked or transformed further on. */
function fieldsOf(schema: z.ZodType): Record<string, z.ZodType> {
  if (schema instanceof z.ZodObject) return schema.shape
  return schema instanceof z.ZodPipe ? fieldsOf(schema.in as z.ZodType) : {}
}
