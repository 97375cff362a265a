import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CourierSystem, createCourierSystem, storedBytes } from './courier-system.ts'
import { serveRanges, startAnswers } from './range-server.ts'
import { serve, startSource } from './source-server.ts'

const partBytes = 8 * 2 ** 20
const film = randomBytes(2 * partBytes + 7)
const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

let system: CourierSystem
beforeAll(async () => {
  system = await createCourierSystem({ courier: true })
})
afterAll(() => system[Symbol.asyncDispose]())

const fetchedEvent = (id: string) =>
  system.sql`select data from events where video_id = ${id} and kind = 'fetched'`

test('a source with the checksum of its job is taken, and the checksum is told', async () => {
  await using source = await startSource(serve(film))
  const sha256 = sha256Of(film)
  const video = await system.fetched(source.url('/film.mp4'), sha256)
  expect(video).toMatchObject({ state: 'done', source_size_bytes: film.length })
  expect(sha256Of(await storedBytes(system.storage, video.source_key))).toBe(sha256)
  expect(await fetchedEvent(video.id)).toEqual([{ data: { bytes: film.length, sha256 } }])
})

test('it is told of a source that was to have none, too', async () => {
  await using source = await startSource(serve(film))
  const { id } = await system.fetched(source.url('/film.mp4'))
  expect(await fetchedEvent(id)).toMatchObject([{ data: { sha256: sha256Of(film) } }])
})

test('a source that broke off has the checksum of the whole', async () => {
  await using source = await startAnswers(
    serveRanges({ body: film, cutAt: partBytes + 1000 }),
    serveRanges({ body: film }),
  )
  const video = await system.fetched(source.url('/film.mp4'), sha256Of(film))
  expect(video).toMatchObject({ state: 'done', attempt: 0 })
  expect(source.asked).toHaveLength(2)
})

test('a source with one bit turned fails the video at once, and nothing of it is kept', async () => {
  const turned = Buffer.from(film)
  turned.writeUInt8(turned.readUInt8(9) ^ 1, 9)
  await using source = await startSource(serve(turned))
  const video = await system.fetched(source.url('/film.mp4'), sha256Of(film))
  expect(video).toMatchObject({
    status: 'failed',
    error_code: 'checksum_mismatch',
    attempt: 0,
    source_key: null,
  })
  expect(video.error_message).toBe(`the SHA-256 of the source is ${sha256Of(turned)}, not ${sha256Of(film)}`)
  expect(source.requests).toHaveLength(1)
  expect(await system.kept(video.id)).toEqual([])
  expect(await fetchedEvent(video.id)).toEqual([])
})

test('a server that goes on with another file under the same name is found out', async () => {
  const half = serveRanges({ body: film, cutAt: partBytes })
  await using source = await startAnswers(half, serveRanges({ body: randomBytes(film.length) }))
  const video = await system.fetched(source.url('/film.mp4'), sha256Of(film))
  expect(video).toMatchObject({ status: 'failed', error_code: 'checksum_mismatch' })
  expect(await system.kept(video.id)).toEqual([])
})
