import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadClientConfig, loadConfig } from '../../src/config.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepladder-secrets-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function fileWith(text: string): string {
  const path = join(folder, crypto.randomUUID())
  writeFileSync(path, text)
  return path
}

test.each([
  ['DATABASE_URL', 'postgres://a:b@db/c'],
  ['REDIS_URL', 'redis://:b@redis:6379'],
  ['S3_ACCESS_KEY', 'key'],
  ['S3_SECRET_KEY', ' se cret '],
] as const)('%s may lie in a file, whose last line break is none of it', (name, value) => {
  for (const end of ['', '\n', '\r\n']) {
    expect(loadConfig({ [`${name}_FILE`]: fileWith(`${value}${end}`) })[name]).toBe(value)
  }
})

test('a secret that is given twice is refused, though both are the same', () => {
  const environment = { S3_SECRET_KEY: 'one', S3_SECRET_KEY_FILE: fileWith('one') }
  expect(() => loadConfig(environment)).toThrow('S3_SECRET_KEY and S3_SECRET_KEY_FILE are both given')
})

test('a name that is set to nothing is not set', () => {
  expect(loadConfig({ S3_SECRET_KEY: '', S3_SECRET_KEY_FILE: fileWith('one') }).S3_SECRET_KEY).toBe('one')
  expect(loadConfig({ S3_SECRET_KEY: 'one', S3_SECRET_KEY_FILE: '' }).S3_SECRET_KEY).toBe('one')
})

test.each([
  ['is not there', () => join(folder, 'nothing'), 'cannot be read'],
  ['is a folder', () => folder, 'cannot be read'],
  ['is empty', () => fileWith('\n'), 'is empty'],
  ['has two lines', () => fileWith('hush\nhush'), 'one line'],
  ['is no secret', () => fileWith('x'.repeat(20_000)), 'one line'],
])('a file that %s is refused by the name of the setting, and nothing of it is told', (_, path, fault) => {
  const load = () => loadConfig({ S3_SECRET_KEY_FILE: path() })
  expect(load).toThrow(
    new RegExp(`^the configuration is not usable: S3_SECRET_KEY_FILE: the file .*${fault}`),
  )
  expect(load).not.toThrow('hush')
})

test('a machine that has its database in a file is one of the system', () => {
  expect(loadClientConfig({ DATABASE_URL_FILE: '/run/secrets/db' }).given.has('DATABASE_URL')).toBe(true)
})
