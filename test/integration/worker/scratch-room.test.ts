import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requireRoom, requireScratch } from '../../../src/worker/scratch-room.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stepladder-room-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a file that fits may be begun, in a folder that is made for it', async () => {
  await expect(requireRoom(join(folder, 'new'), 1)).resolves.toBeUndefined()
})

test('a file that would not fit an empty disk is refused for good, as far as attempts go', async () => {
  await expect(requireRoom(folder, 2 ** 60)).rejects.toMatchObject({ code: 'scratch_too_small' })
})

test('a file that would fit if others made room waits for them', async () => {
  const disk = await statfs(folder)
  const moreThanFree = Math.floor(((disk.bavail + disk.blocks) / 2) * disk.bsize)
  await expect(requireRoom(folder, moreThanFree)).rejects.toMatchObject({ code: 'out_of_disk' })
})

test('a worker can ask beforehand', async () => {
  const asked = (least: number) => requireScratch({ SCRATCH_DIR: folder, MIN_FREE_SCRATCH_BYTES: least })
  await expect(asked(1)).resolves.toBeUndefined()
  await expect(asked(2 ** 60)).rejects.toMatchObject({ code: 'out_of_disk' })
})
