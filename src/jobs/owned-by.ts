import type { Query } from '../db.ts'

/** SQL: rows of this owner. Of any where none is named: passes, and people at the machine, ask for all. */
export function ownedBy(sql: Query, owner: string | undefined) {
  return owner === undefined ? sql`true` : sql`owner = ${owner}`
}
