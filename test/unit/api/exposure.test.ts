import { expect, test } from 'vitest'
import { checkExposure } from '../../../src/api/exposure.ts'
import { isLoopback } from '../../../src/auth/open-mode.ts'
import { loadConfig } from '../../../src/config.ts'

const own = {
  HOST: '0.0.0.0',
  DATABASE_URL: 'postgres://stepladder:f81kA@db/stepladder',
  S3_SECRET_KEY: 'Qm9yaW5n',
}
const check = (environment: { [name: string]: string }) => checkExposure(loadConfig(environment))

test('on this machine alone the defaults will do', () => {
  for (const HOST of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) check({ HOST })
})

test('beyond it they are refused, each by its name', () => {
  expect(() => check({ HOST: '0.0.0.0' })).toThrow('everybody knows in DATABASE_URL, S3_SECRET_KEY:')
  expect(() => check({ ...own, S3_SECRET_KEY: 'minioadmin' })).toThrow('knows in S3_SECRET_KEY:')
  expect(() => check({ ...own, DATABASE_URL: 'postgres://me:p%6Fstgres@db/x' })).toThrow('in DATABASE_URL:')
  expect(() => check({ ...own, REDIS_URL: 'redis://:password@redis' })).toThrow('in REDIS_URL:')
})

test('passwords of your own, none at all, or a word that you mean it, will do', () => {
  check(own)
  check({ ...own, DATABASE_URL: 'postgres://stepladder@db/stepladder' })
  check({ ...own, DATABASE_URL: 'postgres://a:%E0%A4@db/stepladder' })
  check({ HOST: '0.0.0.0', ALLOW_DEFAULT_CREDENTIALS: 'true' })
})

test.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', ''])(
  '%s is not this machine alone',
  (host) => {
    expect(isLoopback(host)).toBe(false)
  },
)
