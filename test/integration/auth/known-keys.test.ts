import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createKey, revokeKey } from '../../../src/auth/api-keys.ts'
import { readKeyText } from '../../../src/auth/key-text.ts'
import { createKnownKeys } from '../../../src/auth/known-keys.ts'
import { createDatabase, type Database } from '../../../src/db.ts'
import { migrate } from '../../../src/migrate.ts'
import { createTestData } from '../../support/test-data.ts'

let data: Awaited<ReturnType<typeof createTestData>>
let sql: Database
let nowMs = 0
beforeAll(async () => {
  data = await createTestData({ services: inject('services') })
  sql = createDatabase({ url: data.config.DATABASE_URL, name: 'test', max: 2 })
  await migrate(sql)
})
afterAll(async () => {
  await sql.end({ timeout: 1 })
  await data.drop()
})

async function newKey() {
  const { key, text } = await createKey(sql, {
    ...{ name: 'x', owner: 'anna', expiresInS: null },
    scopes: ['read'],
  })
  const given = readKeyText(text)
  if (!given) throw new Error(`${text} is no key`)
  return { id: key.id, given }
}

test('a key that ended is known for a second at most, and not at all once it was seen to end', async () => {
  const keys = createKnownKeys(sql, () => nowMs)
  const { id, given } = await newKey()
  expect(await keys.prove(given)).toMatchObject({ id, owner: 'anna' })
  await revokeKey(sql, id)
  nowMs += 999
  expect(await keys.find(id)).toMatchObject({ id })
  nowMs += 1
  expect([await keys.prove(given), await keys.find(id)]).toEqual([null, null])

  const other = await newKey()
  expect(await keys.find(other.id)).not.toBeNull()
  await revokeKey(sql, other.id)
  keys.forget(other.id)
  expect(await keys.prove(other.given)).toBeNull()
})

test('a secret is compared each time, and what is not there is looked for each time', async () => {
  const keys = createKnownKeys(sql, () => nowMs)
  const { id, given } = await newKey()
  expect(await keys.prove(given)).toMatchObject({ id })
  expect(await keys.prove({ id, secret: 'A'.repeat(43) })).toBeNull()
  await revokeKey(sql, id)
  keys.forget(id)
  expect(await keys.prove(given)).toBeNull()
  await sql`update api_keys set revoked_at = null where id = ${id}`
  expect(await keys.prove(given)).toMatchObject({ id })
})
