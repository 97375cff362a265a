import { expect, test } from 'vitest'
import { operations } from '../../../src/api/openapi/operations.ts'

test('links open nothing but what players and event streams read of one video', () => {
  const linked = operations.filter(({ link }) => link)
  expect(linked.length).toBeGreaterThan(8)
  expect(linked.map(({ method }) => method).filter((method) => method !== 'get')).toEqual([])
  expect(linked.map(({ path }) => path).filter((path) => !/^\/(videos|progress)\/\{id\}/.test(path))).toEqual(
    [],
  )
  expect(linked.map(({ id }) => id)).not.toContain('listRuns')
  expect(linked.map(({ id }) => id)).not.toContain('getTimeline')
})

test('nothing is open to all but what is the same for all, and the taking of a key', () => {
  const open = operations.filter(({ scope }) => scope === null)
  const ids = ['getDocument', 'getPage', 'getPlayer', 'getReference', 'getSession', 'isAlive', 'isReady']
  expect(open.map(({ id }) => id).sort()).toEqual([...ids, 'signIn', 'signOut'])
})
