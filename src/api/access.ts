import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Operation } from './openapi/operation.ts'
import { operations } from './openapi/operations.ts'

/** What a route asks of its caller. */
export type Access = Pick<Operation, 'scope' | 'link'>

/** What the reference says is what is asked: there is no second table that could differ. */
const byRoute = new Map<string, Access>(
  operations.map((operation) => [
    `${operation.method.toUpperCase()} ${operation.path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    operation,
  ]),
)

/** Files that are the same for all; what they show they ask for. */
const pageFile = /^\/(web|vendor)\//

/** Of the route that will answer; null where there is none. One that is not in the reference is for no common key. */
export function accessOf(c: Context): Access | null {
  const route = matchedRoutes(c).find(({ method }) => method !== 'ALL')
  if (!route) return null
  if (route.method === 'GET' && pageFile.test(route.path)) return { scope: null }
  return byRoute.get(`${route.method} ${route.path}`) ?? { scope: 'admin' }
}
