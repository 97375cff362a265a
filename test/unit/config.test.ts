import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { MAX_DURATION_S, MAX_PIXELS, MAX_STREAMS } from '../../src/media/limits.ts'

test('an empty environment gives defaults that only this machine can reach', () => {
  expect(loadConfig({})).toMatchObject({
    HOST: '127.0.0.1',
    PORT: 8080,
    REDIS_PREFIX: '',
    S3_BUCKET: 'videos',
  })
})

test('an empty variable counts as none, and flags are words', () => {
  expect(loadConfig({ PORT: '', FETCH_PRIVATE_ADDRESSES: 'true' })).toMatchObject({
    PORT: 8080,
    FETCH_PRIVATE_ADDRESSES: true,
  })
})

test.each([
  ['PORT', '70000'],
  ['WORKER_SLOTS', '0'],
  ['LEASE_MS', 'soon'],
  ['DATABASE_URL', 'mysql://127.0.0.1/x'],
  ['FETCH_PRIVATE_ADDRESSES', 'perhaps'],
  ['CORS_ORIGINS', 'https://example.org/path'],
  ['CORS_ORIGINS', 'https://a, <ID>'],
  ['CORS_ORIGINS', 'example.org'],
  ['API_CORS_ORIGINS', '*'],
  ['API_CORS_ORIGINS', 'https://*.example.org'],
  ['API_CORS_ORIGINS', 'https://example.org/'],
  ['API_CORS_ORIGINS', 'https://EXAMPLE.org'],
  ['API_CORS_ORIGINS', 'file:///etc'],
  ['MAX_SOURCE_DURATION_S', '43201'],
  ['MAX_SOURCE_PIXELS', '4095'],
  ['MAX_SOURCE_PIXELS', '35389441'],
  ['MAX_SOURCE_FPS', '1001'],
  ['MAX_SOURCE_STREAMS', '33'],
  ['MAX_SOURCE_BYTES', '0'],
  ['MAX_BODY_BYTES', '1000'],
  ['MAX_BODY_BYTES', '2000000'],
  ['TRUST_PROXY_HOPS', '-1'],
  ['RATE_READ', '-1'],
  ['MAX_QUEUED_VIDEOS', 'many'],
])('a wrong %s is refused by its name', (name, value) => {
  expect(() => loadConfig({ [name]: value })).toThrow(new RegExp(`not usable: ${name}`))
})

test('a source may be as much as the programs that read it are let, unless said', () => {
  expect(loadConfig({})).toMatchObject({
    MAX_SOURCE_DURATION_S: MAX_DURATION_S,
    MAX_SOURCE_PIXELS: MAX_PIXELS,
    MAX_SOURCE_STREAMS: MAX_STREAMS,
  })
})

test('origins are a list, and everybody unless said', () => {
  expect(loadConfig({}).CORS_ORIGINS).toEqual(['*'])
  const origins = ['https://example.org', 'http://[::1]:8080', 'https://*.example.net']
  expect(loadConfig({ CORS_ORIGINS: origins.join(', ') }).CORS_ORIGINS).toEqual(origins)
})

test('pages of no other origin may use the API unless they are listed', () => {
  expect(loadConfig({}).API_CORS_ORIGINS).toEqual([])
  const listed = 'https://example.org, http://[::1]:8080,'
  expect(loadConfig({ API_CORS_ORIGINS: listed }).API_CORS_ORIGINS).toEqual([
    'https://example.org',
    'http://[::1]:8080',
  ])
})

test('an upload that expires before its addresses do is refused', () => {
  expect(() => loadConfig({ UPLOAD_EXPIRY_S: '100', UPLOAD_KEEP_S: '99' })).toThrow('UPLOAD_KEEP_S must be')
})

test.each(['BEAT_MS', 'REAP_MS'])(
  '%s at half the lease is refused: leases would run out, or never',
  (name) => {
    expect(() => loadConfig({ LEASE_MS: '12000', [name]: '6000' })).toThrow(
      `${name} must be under half of LEASE_MS`,
    )
  },
)
