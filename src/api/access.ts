import type { Context } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Scope } from '../auth/scopes.ts'

/**
 * What a route asks of its caller: a key with a scope, any key, or nothing. `link`: a signed link to the
 * video in its path will do.
 */
export type Access = { needs: Scope | 'key' | 'nothing'; link?: true }

const submit: Access = { needs: 'submit' }
const read: Access = { needs: 'read' }
const watch: Access = { needs: 'read', link: true }
const admin: Access = { needs: 'admin' }
const key: Access = { needs: 'key' }
const open: Access = { needs: 'nothing' }

/** Every route but those of the page's files. One that is missing here is refused to everybody. */
export const accessTable: Readonly<Record<string, Access>> = {
  'POST /jobs': submit,
  'POST /probe': submit,
  'POST /uploads': submit,
  'POST /uploads/:id/sign': submit,
  'GET /uploads/:id': submit,
  'DELETE /uploads/:id': submit,
  'POST /videos/:id/cancel': submit,
  'POST /videos/:id/retry': submit,
  'DELETE /videos/:id': submit,

  'GET /videos': read,
  'GET /videos/:id/events': read,
  'GET /videos/:id/runs': read,
  'GET /progress': read,

  'GET /videos/:id': watch,
  'GET /progress/:id': watch,
  'GET /videos/:id/hls/master.m3u8': watch,
  'GET /videos/:id/hls/:file': watch,
  'GET /videos/:id/dash/manifest.mpd': watch,
  'GET /videos/:id/mp4/:rung': watch,
  'GET /videos/:id/poster.jpg': watch,
  'GET /videos/:id/storyboard.vtt': watch,
  'GET /videos/:id/sprites/:file': watch,

  'GET /system': admin,

  'GET /profiles': key,
  'GET /limits': key,

  // They take a key, tell whether there is one, or forget it.
  'POST /session': open,
  'GET /session': open,
  'DELETE /session': open,
  // For balancers, which have none. Why something is amiss is told to keys alone.
  'GET /healthz': open,
  'GET /readyz': open,
  // Files that are the same for all; what they show they ask for.
  'GET /': open,
  'GET /embed/:id': open,
}

const refused: Access = { needs: 'admin' }

/** Of the route that will answer; null where there is none. */
export function accessOf(c: Context): Access | null {
  const route = matchedRoutes(c).find(({ method }) => method !== 'ALL')
  if (!route) return null
  if (route.method === 'GET' && /^\/(web|vendor)\//.test(route.path)) return open
  return accessTable[`${route.method} ${route.path}`] ?? refused
}
