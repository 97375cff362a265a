import { z } from 'zod'

export type JsonSchema = { [keyword: string]: unknown }

/**
 * JSON Schema 2020-12, which is that of OpenAPI 3.1, of what a schema takes in: what a request must be, and of
 * an answer what was stored, whose defaults may be missing. Schemas with an `id` go to `components` and
 * become references. With `open` an object may have more fields than are named, as answers may one day.
 */
export function jsonSchemaOf(
  schema: z.ZodType,
  { open, components }: { open: boolean; components: Record<string, JsonSchema> },
): JsonSchema {
  // Within another one, so that a schema with an id is a reference here, too.
  const { properties, $defs = {} } = pointed(
    z.toJSONSchema(z.object({ it: schema }), {
      io: 'input',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => tidy(jsonSchema, open),
    }),
  )
  for (const [name, definition] of Object.entries($defs)) components[name] = definition
  return properties.it
}

const wrappedSchema = z.object({
  properties: z.object({ it: z.record(z.string(), z.unknown()) }),
  $defs: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
})

function pointed(schema: object): z.infer<typeof wrappedSchema> {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')
  return wrappedSchema.parse(JSON.parse(text))
}

/** Leaves out what tells nobody anything: bounds of JavaScript, patterns behind a format, ids that are names already. */
function tidy(schema: z.core.JSONSchema.BaseSchema, open: boolean): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (schema.format === 'uuid' || schema.format === 'date-time' || schema.type === 'integer')
    delete schema.pattern
  if (open && schema.additionalProperties === false) delete schema.additionalProperties
  delete schema.id
}
