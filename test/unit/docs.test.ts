import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { errorCodes } from '../../src/error-codes.ts'
import { videoStatuses } from '../../src/jobs/state.ts'
import { routesOfTheApp } from '../support/routes.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const filesBelow = (folder: string, extension: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name))

const pages = ['README.md', 'CHANGELOG.md', ...filesBelow('docs', '.md')]
const sources = filesBelow('src', '.ts').map((file) => ({ file, text: read(file) }))

test('every page says something and is short enough to be read', () => {
  // But for tables that a run wrote.
  const prose = (page: string) => read(page).replace(/<!-- (\w+) -->.*?<!-- \/\1 -->/gs, '')
  const lines = pages.map((page) => ({ page, lines: prose(page).split('\n').length }))
  expect(lines.length).toBeGreaterThanOrEqual(9)
  expect(lines.filter((page) => page.lines < 10 || page.lines >= 400)).toEqual([])
})

test('every link leads to a file and a heading that exist', () => {
  const links = pages.flatMap((page) => linksOf(read(page)).map((target) => ({ page, target })))
  const broken = links.filter(({ page, target }) => {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(join(root, file))) return true
    return anchor !== undefined && !anchorsOf(read(file)).has(anchor)
  })
  expect(links.length).toBeGreaterThan(30)
  expect(broken).toEqual([])
})

test('every file, folder and npm script that a page names exists', () => {
  const texts = pages.map((page) => ({ page, text: read(page) }))
  const named = texts.flatMap(({ page, text }) =>
    [
      ...text.matchAll(/(?<=[`\s(])(?:\.\/)?((?:cmd|src|sql|scripts|test|docs|docker)\/[\w./-]*)(?=[`\s)])/g),
    ].map(([, path = '']) => ({ page, path })),
  )
  expect(named.length).toBeGreaterThan(60)
  expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([])

  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)
  const called = texts.flatMap(({ text }) =>
    [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1]),
  )
  expect(called.length).toBeGreaterThan(2)
  expect(called.filter((name) => !scripts.includes(name ?? ''))).toEqual([])
})

test('every setting is in the operations page with its default, and no other one', () => {
  const rows = tableRows(sectionOf(read('docs/operations.md'), '## Environment'), 2)
  const settings = [...read('src/config.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map(([, name]) => name)
  expect(settings.length).toBeGreaterThan(30)
  expect(rows.map(([name]) => name).sort()).toEqual(settings.sort())

  const defaults = new Map(Object.entries(loadConfig({})).map(([name, value]) => [name, String(value)]))
  // A default in words depends on the machine, or is that there is none.
  const stated = rows.filter(([name, cell = '']) => /^`.*`$/.test(cell) && name !== 'SCRATCH_DIR')
  expect(stated.length).toBeGreaterThan(25)
  expect(stated.filter(([name = '', cell = '']) => cell !== `\`${defaults.get(name)}\``)).toEqual([])
})

test('every route has its heading in the API pages, and every heading its route', () => {
  const pages = ['api', 'uploads', 'progress', 'playback', 'webhooks'].map((name) => read(`docs/${name}.md`))
  const text = pages.join('')
  const headings = [...text.matchAll(/^###? ((?:GET|POST|PUT|PATCH|DELETE) \/.*)$/gm)].map(([, at]) => at)
  expect(headings.sort()).toEqual(routesOfTheApp())
})

test('every problem of the API is in its table with its status, and no other one', () => {
  const kinds = [...read('src/api/problem.ts').matchAll(/^ {2}([a-z0-9_]+): \{\s*status: (\d{3})/gm)]
  const conflicts = codesIn(/new Conflict\(\s*'([a-z0-9_]+)'/g)
  const problems = [
    ...kinds.map(([, code, status]) => `${code} ${status}`),
    ...[...conflicts].map((code) => `${code} 409`),
    'internal_error 500',
  ]
  const rows = tableRows(read('docs/errors.md'), 2)
  expect(problems.length).toBeGreaterThan(18)
  expect(rows.map(([code, status]) => `${code} ${status}`).sort()).toEqual(problems.sort())
})

test('every error code and every reason in a plan is explained', () => {
  const codes = new Set([
    ...codesIn(/new \w*Error\(\s*'([a-z0-9_]+)'/g),
    ...codesIn(/\bcode: '([a-z0-9_]+)'/g),
    // One of two, as in `const code = early ? 'bad_head' : 'decode_gap'`.
    ...codesIn(/\bcode =[^\n]*\? '([a-z0-9_]+)' : '[a-z0-9_]+'/g),
    ...codesIn(/\bcode =[^\n]*\? '[a-z0-9_]+' : '([a-z0-9_]+)'/g),
    ...codesIn(/\bwarn\('([a-z0-9_]+)'/g),
    ...codesIn(/\bskippedBox\([^)]*'([a-z0-9_]+)'/g),
    'internal_error',
  ])
  // No error of the file or of the machine, and in no answer, row or message.
  codes.delete('custom')
  const explained = new Set(
    pages.flatMap((page) => [...read(page).matchAll(/`([a-z0-9_]+)`/g)].map(([, code]) => code)),
  )
  expect(codes.size).toBeGreaterThan(70)
  expect([...codes].filter((code) => !explained.has(code))).toEqual([])
})

test('the error codes of a video are in the media page under their class, and no other ones', () => {
  const section = sectionOf(read('docs/media.md'), '## Error codes of a video')
  const listed = Object.fromEntries(
    ['permanent', 'transient', 'outage', 'replan', 'poison', 'fault'].flatMap((name) => {
      const heading = `### ${name[0]?.toUpperCase()}${name.slice(1)}`
      const rows = tableRows(sectionOf(section, heading), 2)
      return rows.map(([code, about]) => [code, { class: name, about }])
    }),
  )
  expect(Object.keys(listed).length).toBeGreaterThan(50)
  expect(listed).toEqual(errorCodes)
})

test('every error that a task can meet has a code of the table', () => {
  const parts = /^src\/(media|worker|runs|courier)\/|^src\/storage/
  const thrown = sources
    .filter(({ file }) => parts.test(file))
    .flatMap(({ text }) => [
      ...text.matchAll(/new StepladderError\(\s*'(\w+)'/g),
      ...text.matchAll(/\bcode =[^\n]*\? '(\w+)' : '\w+'/g),
      ...text.matchAll(/\bcode =[^\n]*\? '\w+' : '(\w+)'/g),
    ])
    .map(([, code]) => code)
  expect(thrown.length).toBeGreaterThan(30)
  expect(thrown.filter((code) => !Object.keys(errorCodes).includes(code ?? ''))).toEqual([])
})

test('every code of the table is one that something is thrown with', () => {
  const texts = sources.filter(({ file }) => file !== 'src/error-codes.ts').map(({ text }) => text)
  const unused = Object.keys(errorCodes).filter((code) => !texts.some((text) => text.includes(`'${code}'`)))
  expect(unused).toEqual([])
})

test('the state diagrams know the states of the code, and only those', () => {
  const jobs = read('docs/jobs.md')
  expect(statesIn(sectionOf(jobs, '## A video'))).toEqual([...videoStatuses].sort())
  const [, list = ''] = /\n {2}state +text[^\n]*\n? *[^\n]*check \(state in \(([^)]*'cancelled')\)\)/.exec(
    read('sql/00001_initial.sql'),
  ) ?? ['', '']
  const states = [...list.matchAll(/'(\w+)'/g)].map(([, state]) => state ?? '')
  expect(states.length).toBe(5)
  expect(statesIn(sectionOf(jobs, '## A task'))).toEqual(states.sort())
})

test('every transition of the jobs page is a function of its file, and every place a failpoint', () => {
  const rows = [...sectionOf(read('docs/jobs.md'), '## Transitions').matchAll(/^\|[ \d]*\|.*\|$/gm)].map(
    ([row]) => row.split('|').map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)),
  )
  const functions = rows.flatMap(([, , , names = [], files = []]) =>
    names.map((name) => ({ name, file: files[0] })),
  )
  expect(functions.length).toBeGreaterThan(20)
  const isThere = ({ name, file = '' }: { name: string; file?: string | undefined }) =>
    new RegExp(`^export async function ${name}[(<]`, 'm').test(read(file))
  expect(functions.filter((named) => !isThere(named))).toEqual([])

  const places = [...read('src/failpoints.ts').matchAll(/^ {2}'(\w+)',$/gm)].map(([, place]) => place)
  expect(places.length).toBeGreaterThan(10)
  expect([...new Set(rows.flatMap((cells) => cells[6] ?? []))].sort()).toEqual(places.sort())
})

test('the queries and commands for operators are in the README as they are promised', () => {
  const readme = read('README.md')
  for (const line of [
    './scripts/demo.sh [file or URL]',
    './scripts/test.sh',
    'redis-cli XPENDING video:jobs video-workers',
    'redis-cli XLEN video:jobs',
    "redis-cli PSUBSCRIBE 'video:progress:*'",
    "SELECT COUNT(*) FROM videos WHERE status='processing';",
    "SELECT id, error_message FROM videos WHERE status='failed';",
    "SELECT AVG(EXTRACT(EPOCH FROM (completed_at - created_at))) FROM videos WHERE status='completed';",
  ]) {
    expect(readme).toContain(line)
  }
})

/** Targets of Markdown links that stay in the repository. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) =>
    target === undefined || /^[a-z]+:/.test(target) ? [] : [target],
  )
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** A heading and what follows, up to the next heading of its level. */
function sectionOf(text: string, heading: string): string {
  const [, after = ''] = `\n${text}`.split(`\n${heading}\n`)
  const level = heading.slice(0, heading.indexOf(' ') + 1)
  return after.split(`\n${level}`)[0] ?? ''
}

/** The first cells of every row that begins with one name in backticks; the name loses them. */
function tableRows(text: string, cells: number): string[][] {
  return [...text.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name = '', rest = '']) =>
    [name, ...rest.split(/ *\| */)].slice(0, cells).map((cell) => cell.trim()),
  )
}

/** First groups of a pattern over all of src. */
function codesIn(pattern: RegExp): Set<string> {
  return new Set(sources.flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')))
}

function statesIn(section: string): string[] {
  const ends = [...section.matchAll(/^ {2}(\S+) --> ([\w*[\]]+)/gm)].flatMap(([, from, to]) => [from, to])
  return [...new Set(ends.filter((state) => state !== undefined && state !== '[*]'))].sort() as string[]
}
