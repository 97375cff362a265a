import type { Query } from '../../src/db.ts'

/**
 * The same connection, but each whole statement answers with its plan, one line a row, and is carried
 * out by `analyze` only. A fragment of a statement stays as it is.
 */
export function explained<T extends Query>(sql: T, plans: string[], options = 'costs off'): T {
  return new Proxy(sql, {
    apply: (tag, self, args: unknown[]) => {
      const [strings, ...values] = args as [TemplateStringsArray, ...unknown[]]
      if (!/^\s*(with|select|update|insert|delete)\b/.test(strings[0] ?? ''))
        return Reflect.apply(tag, self, args)
      const texts = [`explain (${options}) ${strings[0]}`, ...strings.slice(1)]
      const planned = Reflect.apply(tag, self, [Object.assign(texts, { raw: texts }), ...values]) as Promise<
        { 'QUERY PLAN': string }[]
      >
      return planned.then((rows) => {
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
        return []
      })
    },
  })
}
