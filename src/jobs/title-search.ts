import type { Query } from '../db.ts'

/** Three letters or digits in a row: what the index of titles needs to find anything by. */
const indexed = /[\p{L}\p{N}]{3}/u

/**
 * Whether a search has nothing the index could look up. Such a one reads titles from the latest video
 * on, and must be given an end.
 */
export const isShort = (words: string): boolean => !indexed.test(words)

/** Titles with these characters in a row, whatever their case; `%` and `_` stand for themselves. */
export function titleHas(sql: Query, words: string) {
  const pattern = `%${words.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  return sql`v.title collate "und-x-icu" ilike ${pattern}`
}
