import type { Context, Hono, NotFoundHandler } from 'hono'
import { StepladderError } from '../errors.ts'
import { MethodNotAllowed } from './problem.ts'

/** Tells an address that does not exist (404) from one that does for other methods (405). */
export function notFoundIn(app: Hono): NotFoundHandler {
  const routes = () =>
    app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => ({ method, matches: patternOf(path) }))
  let known: ReturnType<typeof routes> | undefined

  return (c: Context) => {
    known ??= routes()
    const allowed = new Set(
      known.filter(({ matches }) => matches.test(c.req.path)).map(({ method }) => method),
    )
    if (allowed.size > 0) throw new MethodNotAllowed([...allowed])
    throw new StepladderError('route_not_found', `there is nothing at ${c.req.path}`)
  }
}

/** `:name` stands for one part of a path. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : RegExp.escape(part)))
  return new RegExp(`^${parts.join('/')}$`)
}
