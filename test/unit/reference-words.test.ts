import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDocument } from '../../src/api/openapi/document.ts'

const { typeWords }: { typeWords: (schema: object, schemas: object) => string } = await import(
  join(import.meta.dirname, '../../src/api/web/reference/schema-view.js')
)

test('every field of every schema has a type in words', () => {
  const { schemas } = makeDocument().components
  const fields = Object.entries(schemas).flatMap(([name, schema]) =>
    Object.entries(schema.properties ?? {}).map(([field, inner]) => ({ name: `${name}.${field}`, inner })),
  )
  expect(fields.length).toBeGreaterThan(100)
  const mute = fields.filter(({ inner }) => typeWords(inner, schemas) === 'anything')
  expect(mute.map(({ name }) => name)).toEqual([])
})

test('lists, choices, references and what may be null are told apart', () => {
  const schemas = { Video: { type: 'object' } }
  const words = (schema: object) => typeWords(schema, schemas)
  expect(words({ type: 'array', items: { $ref: '#/components/schemas/Video' } })).toBe('list of Video')
  expect(words({ anyOf: [{ type: 'integer' }, { type: 'null' }] })).toBe('integer or null')
  expect(words({ type: 'string', format: 'uuid' })).toBe('uuid')
  expect(words({ prefixItems: [{ type: 'integer' }, { type: 'integer' }] })).toBe('[integer, integer]')
  expect(words({ const: 'ok' })).toBe('"ok"')
})
