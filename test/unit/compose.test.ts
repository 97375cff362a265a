import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const text = readFileSync(join(import.meta.dirname, '../../docker-compose.yaml'), 'utf8')
/** The lines of each service, without comments. */
const services = Object.fromEntries(
  (text.split(/^services:\n/m)[1] ?? '')
    .split(/^\w/m)[0]
    ?.split(/^ {2}(?=\w+:$)/m)
    .slice(1)
    .map((block): [string, string] => [block.slice(0, block.indexOf(':')), block.replace(/^ *#.*$/gm, '')]) ??
    [],
)
const anchor = (name: string) => new RegExp(`&${name}\\n((?: {2}.*\\n)+)`).exec(text)?.[1] ?? ''

test('there are the seven services that are known here', () => {
  expect(Object.keys(services)).toEqual(['migrate', 'api', 'worker', 'courier', 'postgres', 'redis', 'minio'])
})

test('every service has a read-only root, no capabilities, no new privileges and bounds', () => {
  const hardened = anchor('hardened')
  for (const line of [
    'read_only: true',
    'cap_drop: [ALL]',
    'security_opt: ["no-new-privileges:true"]',
    'pids_limit: 512',
    'mem_limit: 1g',
  ]) {
    expect(hardened).toContain(line)
  }
  expect(anchor('app')).toContain('<<: *hardened')
  for (const [name, block] of Object.entries(services)) {
    expect({ name, inherits: /<<: \*(app|hardened)/.test(block) }).toEqual({ name, inherits: true })
    expect(block).not.toMatch(/privileged|cap_add|unconfined|read_only: false/)
  }
})

test('nothing can be executed in what is writable in memory', () => {
  const mounts = [...text.matchAll(/tmpfs: \[(.*)\]/g)].flatMap(([, list = '']) => list.split('", "'))
  expect(mounts.length).toBeGreaterThan(6)
  expect(mounts.filter((mount) => !/noexec,nosuid,nodev/.test(mount))).toEqual([])
})

test('what decodes has no way out, what goes out decodes nothing, and ports are on loopback only', () => {
  const networks = Object.entries(services).map(([name, block]) => [
    name,
    /networks: \[(.*)\]/.exec(block)?.[1],
  ])
  expect(Object.fromEntries(networks)).toEqual({
    ...{ migrate: 'inside', worker: 'inside', postgres: 'inside', redis: 'inside' },
    ...{ api: 'inside, edge', minio: 'inside, edge', courier: 'inside, internet' },
  })
  expect(text).toMatch(/inside: \{ internal: true \}/)
  const ports = [...text.matchAll(/ports: \["(.*?)"\]/g)].map(([, port]) => port)
  expect(ports).toHaveLength(2)
  expect(ports.every((port) => port?.startsWith('127.0.0.1:'))).toBe(true)
})

test('each process has a user of its own in PostgreSQL and in Redis', () => {
  for (const [service, user] of [
    ['migrate', 'owner'],
    ['api', 'api'],
    ['worker', 'worker'],
    ['courier', 'courier'],
  ] as const) {
    expect(services[service]).toContain(`<<: [*environment, *as-${user}]`)
    const urls = anchor(`as-${user}`)
    expect(urls).toContain(user === 'owner' ? 'postgres://stepladder:' : `postgres://stepladder_${user}:`)
    expect(urls).toContain(`redis://${service}:`)
  }
})
