import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeAudit } from '../../scripts/checks/audit.ts'
import { findLicenceFaults } from '../../scripts/checks/licences.ts'
import { type Lock, readLock } from '../../scripts/checks/lock.ts'
import { findMissing, shippedOf } from '../../scripts/checks/sbom.ts'

const lockOf = (packages: Record<string, { license?: string; dev?: boolean; version?: string }>): Lock => ({
  packages: Object.fromEntries(
    Object.entries(packages).map(([path, one]) => [path, { dev: false, hasInstallScript: false, ...one }]),
  ),
})

test('every package of the lock file is under a licence of the list', () => {
  const lock = readLock(join(import.meta.dirname, '../..'))
  expect(Object.keys(lock.packages).length).toBeGreaterThan(100)
  expect(findLicenceFaults(lock)).toEqual([])
})

test('another licence is found, and so is none; a tool may be under more', () => {
  const lock = lockOf({
    '': { license: 'MIT' },
    'node_modules/a': { license: 'GPL-3.0-only' },
    'node_modules/b': {},
    'node_modules/c': { license: 'MPL-2.0' },
    'node_modules/d': { license: 'MPL-2.0', dev: true },
    'node_modules/a/node_modules/@x/e': { license: '(GPL-2.0 OR MIT)' },
    'node_modules/f': { license: 'MIT AND CC-BY-4.0' },
  })
  expect(findLicenceFaults(lock)).toEqual([
    'a: GPL-3.0-only',
    'b: none is named',
    'c: MPL-2.0',
    'f: MIT AND CC-BY-4.0',
  ])
})

const counts = { info: 0, low: 1, moderate: 0, high: 0, critical: 0, total: 1 }

test.each([
  ['nothing grave is known', { vulnerabilities: {}, metadata: { vulnerabilities: counts } }, 'passed'],
  [
    'something grave is',
    { vulnerabilities: { x: { severity: 'high' } }, metadata: { vulnerabilities: { ...counts, high: 1 } } },
    'failed',
  ],
  ['the registry refuses', { message: '405 Method Not Allowed', error: { summary: '' } }, 'skipped'],
])('an audit by which %s is %s', (_, printed, outcome) => {
  expect(judgeAudit(JSON.stringify(printed)).outcome).toBe(outcome)
})

test('an audit that printed nothing is skipped, never passed', () => {
  expect(judgeAudit('').outcome).toBe('skipped')
  expect(judgeAudit('{}').outcome).toBe('skipped')
})

test('a bill of materials lists what is shipped and nothing else, and what it lacks is found', () => {
  const lock = lockOf({
    '': {},
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b': { version: '2.0.0' },
    'node_modules/t': { version: '3.0.0', dev: true },
  })
  const component = (name: string, version: string) => ({ 'bom-ref': `${name}@${version}`, name, version })
  const components = [component('a', '1.0.0'), component('t', '3.0.0')]
  const dependencies = [
    { ref: 'a@1.0.0', dependsOn: ['t@3.0.0'] },
    { ref: 't@3.0.0', dependsOn: [] },
  ]
  const bill = shippedOf(JSON.stringify({ bomFormat: 'CycloneDX', components, dependencies }), lock)
  expect(bill.components.map(({ name }) => name)).toEqual(['a'])
  expect(bill.dependencies).toEqual([{ ref: 'a@1.0.0', dependsOn: [] }])
  expect(findMissing(bill, lock)).toEqual(['b@2.0.0'])
})
