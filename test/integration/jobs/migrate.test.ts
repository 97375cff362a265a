import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { createDatabase, type Database } from '../../../src/db.ts'
import { migrate } from '../../../src/migrate.ts'
import { createTestData, type TestData } from '../../support/test-data.ts'

let data: TestData
let sql: Database
let folder: string
beforeEach(async () => {
  data = await createTestData({ services: inject('services') })
  sql = createDatabase({ url: data.config.DATABASE_URL, name: 'test', max: 4 })
  folder = await mkdtemp(join(tmpdir(), 'stepladder-migrations-'))
})
afterEach(async () => {
  await sql.end({ timeout: 1 })
  await data.drop()
  await rm(folder, { recursive: true, force: true })
})

const write = (name: string, text: string) => writeFile(join(folder, name), text)
const applied = () => sql`select version, name from schema_migrations order by version`

test('the schema is applied once, and the next start finds nothing to do', async () => {
  expect(await migrate(sql)).toContain('00001_initial.sql')
  expect(await migrate(sql)).toEqual([])
  expect(await sql`select count(*) from maintenance`).toEqual([{ count: 1 }])
})

test('two processes that start at once apply each migration once', async () => {
  await write('00001_a.sql', 'create table a (n integer); select pg_sleep(0.2)')
  await write('00002_b.sql', 'create table b (n integer)')
  const results = await Promise.all([migrate(sql, folder), migrate(sql, folder)])
  expect(results.flat().sort()).toEqual(['00001_a.sql', '00002_b.sql'])
})

test('a later migration is applied to a database that has the earlier ones', async () => {
  await write('00001_a.sql', 'create table a (n integer)')
  await migrate(sql, folder)
  await write('00002_b.sql', 'alter table a add m integer')
  expect(await migrate(sql, folder)).toEqual(['00002_b.sql'])
})

test.each([
  ['missing', ['00001_a.sql', '00003_c.sql']],
  ['double', ['00001_a.sql', '00001_b.sql']],
  ['misnamed', ['00001_a.sql', '2_b.sql']],
])('a number that is %s is refused before anything is applied', async (_, files) => {
  for (const file of files) await write(file, 'create table a (n integer)')
  await expect(migrate(sql, folder)).rejects.toMatchObject({ code: 'migration_gap' })
  expect(await sql`select to_regclass('a') as a`).toEqual([{ a: null }])
})

test('a database that is ahead of the files is refused', async () => {
  await write('00001_a.sql', 'create table a (n integer)')
  await write('00002_b.sql', 'create table b (n integer)')
  await migrate(sql, folder)
  await rm(join(folder, '00002_b.sql'))
  await expect(migrate(sql, folder)).rejects.toMatchObject({ code: 'migration_gap' })
})

test('an applied file that reads otherwise now is refused', async () => {
  await write('00001_a.sql', 'create table a (n integer)')
  await migrate(sql, folder)
  await write('00001_a.sql', 'create table a (n bigint)')
  await expect(migrate(sql, folder)).rejects.toMatchObject({ code: 'migration_changed' })
})

test('a migration that fails leaves nothing of itself behind and can be mended', async () => {
  await write('00001_a.sql', 'create table a (n integer)')
  await write('00002_b.sql', 'create table b (n integer); select 1 / 0')
  await expect(migrate(sql, folder)).rejects.toMatchObject({ code: '22012' })
  expect(await applied()).toEqual([{ version: 1, name: '00001_a.sql' }])
  await write('00002_b.sql', 'create table b (n integer)')
  expect(await migrate(sql, folder)).toEqual(['00002_b.sql'])
})
