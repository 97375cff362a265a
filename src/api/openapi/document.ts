import { z } from 'zod'
import { sessionCookie } from '../session-cookie.ts'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'
import { type Answer, idSchema, type Operation, paramsOf, scopeWords, tags } from './operation.ts'
import { operations } from './operations.ts'
import { type ProblemAnswer, problemSchema, problemsOf } from './problem-answers.ts'
import { snapshotSchema } from './progress.ts'

/** What several places refer to, gathered on the way. */
type Components = { schemas: Record<string, JsonSchema>; responses: Record<string, object> }
export type OpenApiDocument = {
  openapi: string
  info: object
  paths: Record<string, Record<string, OperationObject>>
  components: Components & { securitySchemes: object }
  [field: string]: unknown
}
type OperationObject = ReturnType<typeof operationObject>

/** The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1) of all operations. Pure, and the same in every process. */
export function makeDocument(): OpenApiDocument {
  const components: Components = { schemas: {}, responses: {} }
  const paths: OpenApiDocument['paths'] = {}
  jsonSchemaOf(snapshotSchema, { open: true, components: components.schemas })
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method]: operationObject(operation, components),
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Stepladder',
      version: '1',
      description:
        'Self-hosted video transcoding: one video in, an adaptive ladder out. Errors are `application/problem+json` with a stable `code`; 400 `malformed_request`, 408 and 431 tell of what is no HTTP request and may come at every address. Times are ISO 8601 in UTC, and names end in their unit.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: sorted(components.schemas),
      responses: sorted(components.responses),
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: sessionCookie,
          description: 'The cookie that `POST /session` gives to a browser; it may do what its key may.',
        },
        link: {
          type: 'apiKey',
          in: 'query',
          name: 'token',
          description:
            'Of one video and of some hours, for players, which send no header. It stands in the links of a video.',
        },
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          description: `An API key, where the server has any. Scopes: ${Object.entries(scopeWords)
            .map(([name, what]) => `\`${name}\`, ${what}`)
            .join('; ')}.`,
        },
      },
    },
  }
}

function operationObject(operation: Operation, components: Components) {
  const { id, tag, summary, about, body } = operation
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(about !== undefined && { description: about }),
    security: securityOf(operation),
    parameters: parametersOf(operation, components),
    ...(body && {
      requestBody: {
        required: body.required,
        content: {
          'application/json': {
            schema: jsonSchemaOf(body.schema, { open: false, components: components.schemas }),
            ...(body.example !== undefined && { example: body.example }),
          },
        },
      },
    }),
    responses: { ...problemObjects(operation, components), ...answerObjects(operation, components) },
  }
}

type Security = { apiKey: string[] } | { session: string[] } | { link: string[] } | Record<string, never>

/** Any one of them will do. The empty one: a server without keys answers anybody on its own machine. */
function securityOf({ scope, link }: Operation): Security[] {
  if (scope === null) return []
  const scopes = scope === 'any' ? [] : [scope]
  return [{}, { apiKey: scopes }, { session: scopes }, ...(link ? [{ link: [] }] : [])]
}

function parametersOf(operation: Operation, components: Components) {
  const options = { open: false, components: components.schemas }
  const inPath = paramsOf(operation).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: jsonSchemaOf(operation.params?.[name] ?? idSchema, options),
  }))
  const inQuery = Object.entries<z.core.$ZodType>(operation.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: jsonSchemaOf(z.object({ schema }).shape.schema as z.ZodType, options),
  }))
  return [...inPath, ...inQuery, ...(operation.once ? [idempotencyKey] : [])].map(liftDescription)
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: {
    type: 'string',
    maxLength: 255,
    description: 'a UUID of yours: the same request under the same key is answered as it was before',
  },
}

/** OpenAPI has the words on a parameter beside its schema. */
function liftDescription<P extends { schema: JsonSchema }>({ schema, ...parameter }: P) {
  const { description, ...rest } = schema
  return { ...parameter, ...(description !== undefined && { description }), schema: rest }
}

function answerObjects({ answers }: Operation, components: Components) {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, answerObject(answer, components)]),
  )
}

function answerObject({ about, json, type, headers, example }: Answer, components: Components) {
  const shown = example === undefined ? {} : { example }
  const content = json
    ? {
        'application/json': {
          schema: jsonSchemaOf(json, { open: true, components: components.schemas }),
          ...shown,
        },
      }
    : type && { [type]: isStream(type) ? {} : { schema: { type: 'string' } } }
  return {
    description: about,
    ...(headers && { headers: headerObjects(headers) }),
    ...(content && { content }),
  }
}

/** Which has no schema of its whole before OpenAPI 3.2; the words on it name that of an event's data. */
function isStream(type: string): boolean {
  return type === 'text/event-stream'
}

function headerObjects(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
}

/** One answer a status. Its schema names the codes that can come here; what is one code alone is shared by all. */
function problemObjects(operation: Operation, components: Components) {
  const byStatus = Map.groupBy(problemsOf(operation), ({ status }) => String(status))
  return Object.fromEntries(
    [...byStatus].map(([status, problems]) => {
      const [only, ...others] = problems
      if (!only || others.length > 0) return [status, problemObject(problems, components)]
      const name = `${only.code}_${status}`
      components.responses[name] = problemObject(problems, components)
      return [status, { $ref: `#/components/responses/${name}` }]
    }),
  )
}

function problemObject(problems: readonly ProblemAnswer[], { schemas }: Components) {
  const waits = problems.some(({ status, retryAfterS }) => status === 429 || retryAfterS !== null)
  const schema = jsonSchemaOf(problemSchema, { open: true, components: schemas })
  return {
    description: problems.map(({ code, title }) => `\`${code}\`: ${title}`).join('  \n'),
    ...(waits && { headers: headerObjects({ 'Retry-After': 'seconds until it is worth another try' }) }),
    content: {
      'application/problem+json': {
        schema: { allOf: [schema, { properties: { code: { enum: problems.map(({ code }) => code) } } }] },
      },
    },
  }
}

function sorted<T>(named: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)))
}
