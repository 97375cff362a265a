import { expect, test } from 'vitest'
import { createSecretFinder, secretsIn } from '../support/log-search/secrets.ts'

const signature = 'a1b2c3d4'.repeat(8)
const key = `0123456789abcdef.${'Ab-_9'.repeat(9).slice(0, 43)}`

test.each([
  ['a presigned signature', `GET http://store/k?X-Amz-Signature=${signature}&x=1 failed`, signature],
  ['one that is escaped', `X-Amz-Signature%3D${signature}%26x`, signature],
  ['a credential', 'X-Amz-Credential=AKIA123%2F20261121', 'AKIA123'],
  ['a token of the store', 'X-Amz-Security-Token=abcdef', 'abcdef'],
  ['a signed request', `AWS4-HMAC-SHA256 Credential=k/x, Signature=${signature}`, signature],
  ['a password in an address', 'connect to postgres://me:hush@db:5432/x failed', 'hush'],
  ['an API key', `key ${key} is no more`, key.slice(17)],
  ['a session, which is a JWT', 'cookie: session=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', 'c2ln'],
  ['a token in a query', '/videos/1/hls/master.m3u8?a=b&token=abc.def', 'abc.def'],
  ['a bearer token', 'authorization: Bearer abcdefgh.ijklmnop', 'ijklmnop'],
  ["a webhook's secret", 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8'],
  ["a webhook's signature", `webhook-signature: v1,${'x'.repeat(43)}=`, 'xxx'],
  ['a password of ours', 'login failed with s3cret&word!', 's3cret&word!'],
])('%s is found, and cut from what is shown', (_, line, secret) => {
  const finder = createSecretFinder()
  finder.know(['s3cret&word!'])
  const shown = finder.find(`{"msg":"${line}","level":"error"}`)
  expect(shown).toContain('<secret>')
  expect(shown).not.toContain(secret)
})

test.each([
  'http://store/videos/k?X-Amz-Credential=<hidden>&X-Amz-Signature=<hidden> failed',
  'connect to postgres://<hidden>@db:5432/x failed',
  'authorization: Bearer <hidden>',
  '/videos/1/hls/master.m3u8?a=b&token=<hidden>',
  '{"url":"http://127.0.0.1:9000/videos/source/x","etag":"0123456789abcdef0123456789abcdef"}',
  'key 0123456789abcdef, a basic film, https://example.org/a@b',
])('what is scrubbed or none is no find: %s', (line) => {
  const finder = createSecretFinder()
  finder.know(['', 'short'])
  expect(finder.find(line)).toBeNull()
})

test('an environment tells its secrets: by their names, and the passwords of addresses that are no names', () => {
  const environment = {
    S3_SECRET_KEY: 'of-the-store',
    TOKEN_SECRET: 'of-tokens',
    STEPLADDER_KEY: 'of-a-caller',
    DATABASE_URL: 'postgres://me:p%40ss@db/x',
    REDIS_URL: 'redis://same:same@redis',
    S3_ENDPOINT: 'http://127.0.0.1:9000',
    PATH: '/usr/bin',
  }
  expect(secretsIn(environment)).toEqual(['of-the-store', 'of-tokens', 'of-a-caller', 'p%40ss', 'p@ss'])
})
