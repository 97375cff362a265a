import postgres from 'postgres'
import type { Database } from '../../../src/db.ts'
import type { ApiUnderTest } from './api-under-test.ts'

/** What the server plans for the one statement about videos that `run` sends; carried out too with `analyze`. */
export async function planOf(
  api: ApiUnderTest,
  run: (sql: Database) => Promise<unknown>,
  options = 'costs on',
): Promise<string> {
  const sent: { text: string; parameters: unknown[] }[] = []
  const sql = postgres(api.config.DATABASE_URL, {
    max: 1,
    types: api.sql.options.types,
    debug: (_connection, text, parameters) => sent.push({ text, parameters }),
  })
  try {
    await run(sql)
    const { text, parameters } = sent.find((one) => one.text.includes('from videos')) ?? {
      text: '',
      parameters: [],
    }
    const lines = await sql.unsafe(`explain (${options}) ${text}`, parameters as string[])
    return lines.map((line) => String(line['QUERY PLAN'])).join('\n')
  } finally {
    await sql.end({ timeout: 1 })
  }
}
