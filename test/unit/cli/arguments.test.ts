import { expect, test } from 'vitest'
import { runCommandLine } from '../../../src/cli/program.ts'
import { loadClientConfig } from '../../../src/config.ts'

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9'

async function run(...argv: string[]) {
  const written = { stdout: '', stderr: '' }
  const stream = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text
      return true
    },
    isTTY: false,
    columns: 80,
    rows: 24,
  })
  const exitCode = await runCommandLine({
    argv,
    config: loadClientConfig({ STEPLADDER_API: nowhere }),
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    stdin: process.stdin,
    signal: new AbortController().signal,
  })
  return { exitCode, ...written }
}

const verbs = [
  'upload',
  'plan',
  'list',
  'show',
  'watch',
  'retry',
  'cancel',
  'delete',
  'queue',
  'workers',
  'doctor',
]

test.for(verbs)('%s --help explains it with examples, on standard output', async (verb) => {
  const { exitCode, stdout, stderr } = await run(verb, '--help')
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(new RegExp(`^Usage: stepladder ${verb}`))
  expect(stdout).toMatch(new RegExp(`Examples:\n {2}\\$ stepladder ${verb}`))
  expect(stdout).toContain('--json')
  expect(stdout.split('\n').every((line) => line.length <= 100)).toBe(true)
})

test('every verb is in the help, and --version tells one', async () => {
  const { stdout } = await run('--help')
  for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^ {2}${verb}`, 'm'))
  expect(await run('--version')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  })
})

test.for([
  [['lsit'], /Did you mean list\?/],
  [['list', '--jsn'], /Did you mean --json\?/],
  [['list', '--status', 'done'], /Allowed choices are queued, processing/],
  [['list', '--limit', '0'], /a number from 1 on/],
  [['list', 'all'], /too many arguments/],
  [['show'], /missing required argument 'id'/],
  [['watch'], /missing required argument/],
  [['list', '--api', 'localhost'], /not an http or https URL: localhost/],
  [['\x1b[2J'], /unknown command '�\[2J'/],
  [['delete', 'x'], /say --yes/],
] as const)('%j is wrong usage: exit code 2 and a sentence', async ([argv, words]) => {
  const { exitCode, stdout, stderr } = await run(...argv)
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(words)
  expect(stderr).toContain('--help')
})

test('with --json wrong usage is a document too', async () => {
  const { stdout, exitCode } = await run('list', '--json', '--limit', 'x')
  expect(exitCode).toBe(2)
  expect(JSON.parse(stdout)).toEqual({
    error: { code: 'usage', message: expect.stringContaining('--limit') },
  })
})

const asking = [
  ['upload', 'https://example.com/film.mp4'],
  ['plan', 'source/film'],
  ['show', 'x'],
  ['watch', 'x'],
  ['retry', 'x'],
  ['cancel', 'x'],
  ['delete', 'x', '-y'],
  ['list'],
  ['queue'],
  ['workers'],
] as const

test.for(asking)('%s ends with 3 when no API answers', { timeout: 30_000 }, async (argv) => {
  const { exitCode, stdout, stderr } = await run(...argv)
  expect([exitCode, stdout, stderr]).toEqual([3, '', expect.stringContaining(`${nowhere} does not answer`)])
})

test('doctor fails its first check when no API answers', async () => {
  const { exitCode, stdout } = await run('doctor')
  expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/^failed +api +The API at/)])
})
