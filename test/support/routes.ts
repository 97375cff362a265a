import { createApp } from '../../src/api/app.ts'
import type { ApiContext } from '../../src/api/context.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'

/** As a reader spells them (`GET /videos/{id}`); the files of the page are left out, since none is called by hand. */
export function routesOfTheApp(): string[] {
  // Making the routes asks nobody: only what they are made of has to be there.
  const context = { config: loadConfig({}), log: createLog('docs', 'silent'), storage: {} } as ApiContext
  const routes = createApp(context)
    .routes.filter(({ method }) => method !== 'ALL')
    .filter(({ path }) => !/^\/(vendor|web)\//.test(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  return [...new Set(routes)].sort()
}
