import { expect, test } from 'vitest'
import { accessTable } from '../../../src/api/access.ts'
import { routesOfTheApp } from '../../support/routes.ts'

test('every route says what it asks of its caller, and no other one does', () => {
  const spelled = Object.keys(accessTable).map((route) => route.replaceAll(/:(\w+)/g, '{$1}'))
  expect(spelled.sort()).toEqual(routesOfTheApp())
})

test('links open nothing but what players and event streams read of one video', () => {
  const linked = Object.entries(accessTable).filter(([, { link }]) => link)
  expect(linked.map(([route]) => route).every((route) => /^GET \/(videos|progress)\/:id/.test(route))).toBe(
    true,
  )
  expect(linked.map(([route]) => route)).not.toContain('GET /videos/:id/runs')
  expect(linked.map(([route]) => route)).not.toContain('GET /videos/:id/events')
})
