// @ts-check
import { h } from '../base/dom.js'
import { codeBlock } from '../base/widgets.js'
import { fieldList, fieldRow, nameOf, typeWords } from './schema-view.js'
import { words } from './words.js'

/** @import { Answer, Document, Operation, Route } from './types.js' */

/**
 * All about one route.
 * @param {Route} route
 * @param {Document} api
 */
export function operationView({ method, path, operation }, api) {
  const { operationId, summary, description, security } = operation
  const scopes = security.flatMap((way) => Object.values(way).flat())
  return h(
    'article',
    { id: operationId, class: 'operation' },
    h('h3', {}, h('a', { href: `#${operationId}` }, summary)),
    h(
      'p',
      { class: 'address' },
      h('span', { class: 'method', 'data-method': method }, method),
      h('code', {}, path),
    ),
    description ? h('p', {}, ...words(description)) : null,
    scopes.length > 0
      ? h('p', { class: 'bounds' }, 'Scope of the key: ', h('code', {}, scopes.join(', ')))
      : null,
    ...parameters(operation, api),
    ...body(operation, api),
    h('h4', {}, 'Try it'),
    codeBlock(curlOf({ method, path, operation })),
    ...answers(operation, api),
  )
}

/**
 * @param {Operation} operation
 * @param {Document} api
 */
function parameters(operation, { components }) {
  if (operation.parameters.length === 0) return []
  const rows = operation.parameters.map(({ name, in: place, required, description, schema }) =>
    fieldRow({ name: `${name} (${place})`, field: schema, required, note: description }, components.schemas),
  )
  return [h('h4', {}, 'Parameters'), h('ul', { class: 'fields' }, ...rows)]
}

/**
 * @param {Operation} operation
 * @param {Document} api
 */
function body({ requestBody }, { components }) {
  const schema = requestBody?.content['application/json']?.schema
  const fields = schema && fieldList(schema, components.schemas)
  if (!fields) return []
  return [h('h4', {}, requestBody.required ? 'Body (JSON)' : 'Body (JSON, may be left out)'), fields]
}

/**
 * A command to be copied: ids are left to be filled in.
 * @param {Route} route
 */
function curlOf({ method, path, operation }) {
  const example = operation.requestBody?.content['application/json']?.example
  const verb = method === 'get' ? '' : ` -X ${method.toUpperCase()}`
  const open = 'text/event-stream' in (operation.responses['200']?.content ?? {}) ? ' -N' : ''
  const sent =
    example === undefined
      ? ''
      : ` \\\n  -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(example).replaceAll("'", "'\\''")}'`
  return `curl -fsS${verb}${open} '${location.origin}${path}'${sent}`
}

/**
 * @param {Operation} operation
 * @param {Document} api
 */
function answers({ responses }, api) {
  const rows = Object.entries(responses).map(([status, answer]) => answerView(status, answer, api))
  return [h('h4', {}, 'Answers'), h('ul', { class: 'answers' }, ...rows)]
}

/**
 * @param {string} status
 * @param {Answer} answer
 * @param {Document} api
 */
function answerView(status, answer, { components }) {
  const {
    description,
    headers = {},
    content = {},
  } = answer.$ref === undefined ? answer : (components.responses[nameOf(answer.$ref)] ?? answer)
  const [[type, medium] = []] = Object.entries(content)
  const fields =
    medium?.schema && type === 'application/json' ? fieldList(medium.schema, components.schemas) : null
  return h(
    'li',
    {},
    h('span', { class: 'status', 'data-good': Number(status) < 400 }, status),
    h(
      'div',
      {},
      h('p', {}, ...words(description)),
      type && type !== 'application/problem+json'
        ? h(
            'p',
            { class: 'bounds' },
            h('code', {}, type),
            medium?.schema ? ` ${typeWords(medium.schema, components.schemas)}` : null,
          )
        : null,
      ...Object.entries(headers).map(([name, header]) =>
        h('p', { class: 'bounds' }, h('code', {}, name), ': ', ...words(header.description)),
      ),
      fields ? h('details', {}, h('summary', {}, 'Fields'), fields) : null,
      medium?.example === undefined
        ? null
        : h('details', {}, h('summary', {}, 'Example'), codeBlock(JSON.stringify(medium.example, null, 2))),
    ),
  )
}
