// @ts-check
import { h } from '../base/dom.js'
import { words } from './words.js'

/** @import { Schema } from './types.js' */
/** @typedef {Record<string, Schema>} Schemas */

/**
 * The fields of a schema, one under another; what lies deeper unfolds, and is drawn only then, since plans hold
 * each other. Null for what has no fields.
 * @param {Schema} schema
 * @param {Schemas} schemas
 * @returns {HTMLElement | null}
 */
export function fieldList(schema, schemas) {
  const { properties = {}, required = [] } = fieldsOf(schema, schemas)
  const rows = Object.entries(properties).map(([name, field]) =>
    fieldRow({ name, field, required: required.includes(name) }, schemas),
  )
  return rows.length === 0 ? null : h('ul', { class: 'fields' }, ...rows)
}

/**
 * @param {{ name: string, field: Schema, required: boolean, note?: string | undefined }} row
 * @param {Schemas} schemas
 */
export function fieldRow({ name, field, required, note }, schemas) {
  const about = note ?? field.description
  const hasMore = Object.keys(fieldsOf(field, schemas).properties ?? {}).length > 0
  return h(
    'li',
    {},
    h('code', { class: 'name' }, name),
    h('span', { class: 'type' }, typeWords(field, schemas)),
    required ? h('span', { class: 'required' }, 'required') : null,
    about ? h('p', {}, ...words(about)) : null,
    bounds(field),
    hasMore ? unfolding(field, schemas) : null,
  )
}

/**
 * @param {Schema} field
 * @param {Schemas} schemas
 */
function unfolding(field, schemas) {
  const details = h('details', { ontoggle: draw }, h('summary', {}, 'Fields'))
  function draw() {
    const list = details.childElementCount === 1 && fieldList(field, schemas)
    if (list) details.append(list)
  }
  return details
}

/**
 * What is allowed, where that is more than a type.
 * @param {Schema} field
 */
function bounds(field) {
  const said = [
    field.enum ? `one of ${field.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ')}` : '',
    field.minimum !== undefined && field.maximum !== undefined ? `${field.minimum} to ${field.maximum}` : '',
    field.maxLength === undefined ? '' : `up to ${field.maxLength} characters`,
    field.pattern === undefined ? '' : `matches \`${field.pattern}\``,
    field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\` unless said`,
  ].filter(Boolean)
  return said.length === 0 ? null : h('p', { class: 'bounds' }, ...words(said.join('; ')))
}

/**
 * The schema that has the fields: behind references, lists and "or null".
 * @param {Schema} schema
 * @param {Schemas} schemas
 * @returns {Schema}
 */
function fieldsOf(schema, schemas) {
  const named = resolve(schema, schemas)
  if (named.properties) return named
  const inner = named.items || named.anyOf?.[0] || named.allOf?.[0]
  if (inner) return fieldsOf(inner, schemas)
  return typeof named.additionalProperties === 'object'
    ? fieldsOf(named.additionalProperties, schemas)
    : named
}

/**
 * @param {Schema} schema
 * @param {Schemas} schemas
 * @returns {Schema}
 */
function resolve({ $ref, ...schema }, schemas) {
  return $ref === undefined ? schema : (schemas[nameOf($ref)] ?? schema)
}

/** @param {string} reference */
export function nameOf(reference) {
  return reference.slice(reference.lastIndexOf('/') + 1)
}

/**
 * @param {Schema} schema
 * @param {Schemas} schemas
 * @returns {string}
 */
export function typeWords(schema, schemas) {
  if (schema.$ref !== undefined) return nameOf(schema.$ref)
  const choices = schema.anyOf ?? schema.allOf
  if (choices) return [...new Set(choices.map((choice) => typeWords(choice, schemas)))].join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.items) return `list of ${typeWords(schema.items, schemas)}`
  if (schema.prefixItems) return `[${schema.prefixItems.map((item) => typeWords(item, schemas)).join(', ')}]`
  return schema.format ?? schema.type ?? 'anything'
}
