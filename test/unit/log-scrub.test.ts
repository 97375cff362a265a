import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { createScrubber, secretsOf } from '../../src/log-scrub.ts'

const signature = 'a1b2c3d4'.repeat(8)

test.each([
  [
    `http://store/videos/k?X-Amz-Credential=key%2F20261121&X-Amz-Signature=${signature} failed`,
    'http://store/videos/k?X-Amz-Credential=<hidden>&X-Amz-Signature=<hidden> failed',
  ],
  [`X-Amz-Signature%3D${signature}%26x`, 'X-Amz-Signature%3D<hidden>'],
  [
    `AWS4-HMAC-SHA256 Credential=k/x, Signature=${signature}`,
    'AWS4-HMAC-SHA256 Credential=k/x, Signature=<hidden>',
  ],
  ['connect to postgres://me:hush@db:5432/x failed', 'connect to postgres://<hidden>@db:5432/x failed'],
  ['redis://:hush@redis', 'redis://<hidden>@redis'],
  ['https://user@example.org/a?b', 'https://<hidden>@example.org/a?b'],
  ['authorization: Bearer abcdefgh.ijklmnop', 'authorization: Bearer <hidden>'],
  [
    `key 0123456789abcdef.${'Ab-_9'.repeat(9).slice(0, 43)} is no more`,
    'key 0123456789abcdef.<hidden> is no more',
  ],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '<hidden>'],
  ['/videos/1/hls/master.m3u8?a=b&token=abc.def', '/videos/1/hls/master.m3u8?a=b&token=<hidden>'],
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_<hidden>'],
])('%s loses what lets somebody in', (line, left) => {
  expect(createScrubber([])(line)).toBe(left)
})

test.each([
  'https://example.org/a@b',
  'mailto a@example.org about http://a.example',
  'a basic film, the bearer of news',
  '{"level":"info","url":"http://127.0.0.1:9000/videos/source/x"}',
])('%s stays as it is', (line) => {
  expect(createScrubber([])(line)).toBe(line)
})

test('JSON stays JSON, however the secret ends', () => {
  const scrubbed = createScrubber(['say "please"'])
  const line = JSON.stringify({
    a: `http://s/x?X-Amz-Signature=${signature}`,
    b: 'postgres://me:hush@db',
    c: 'he must say "please" twice',
    d: { e: 'Bearer 0123456789abcdef' },
  })
  expect(JSON.parse(scrubbed(line))).toEqual({
    a: 'http://s/x?X-Amz-Signature=<hidden>',
    b: 'postgres://<hidden>@db',
    c: 'he must <hidden> twice',
    d: { e: 'Bearer <hidden>' },
  })
})

test('a line stays one line for every reader, and says the same', () => {
  const path = '/a\u2028{"level":"error"}\u2029\u0085\u009b31m\x7f\n'
  const line = createScrubber([])(JSON.stringify({ path }))
  expect(line).toMatch(/^[\x20-\x7e]+$/)
  expect(JSON.parse(line)).toEqual({ path })
})

test('our own secrets are known by their text, encoded or not, unless they are a name or too short', () => {
  const config = loadConfig({
    DATABASE_URL: 'postgres://me:p%40ssw0rd!!@db/x',
    REDIS_URL: 'redis://:abc@redis',
    S3_SECRET_KEY: 'Qm9yaW5nU2VjcmV0',
  })
  const scrub = createScrubber(secretsOf(config))
  expect(scrub('p%40ssw0rd!! p@ssw0rd!! Qm9yaW5nU2VjcmV0 abc')).toBe('<hidden> <hidden> <hidden> abc')
  expect(createScrubber(secretsOf(loadConfig({})))('stepladder runs')).toBe('stepladder runs')
})
