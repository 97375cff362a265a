import { documentedRoutes } from '../../../test/support/documented-routes.ts'
import { markdownTable } from '../../bench/table.ts'
import type { Tally } from './tally.ts'

/** Answers by route and class of status, a row each; one of the reference without any has a row of zeros. */
export function routeTable({ routes }: Tally): string {
  const names = [...documentedRoutes().map(({ name }) => name), 'a file', 'no route']
  const rows = names.map((name) => {
    // HEAD asks as GET does.
    const known = [routes[name], routes[name.replace(/^GET /, 'HEAD ')]]
    return [name, ...['2', '3', '4', '5'].map((first) => sumOf(known, first))]
  })
  return markdownTable(['route', '2xx', '3xx', '4xx', '503'], rows)
}

function sumOf(known: readonly (Record<string, number> | undefined)[], first: string): string {
  const [own, head] = known.map((counts) => counts?.[first] ?? 0)
  return String((own ?? 0) + (known[0] === known[1] ? 0 : (head ?? 0)))
}
