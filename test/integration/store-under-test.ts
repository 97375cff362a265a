import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { inject } from 'vitest'
import { createStorage } from '../../src/storage.ts'
import { createTestData } from '../support/test-data.ts'
import { startStoreProxy } from './store-proxy.ts'

/** The store straight and through a proxy, with a bucket of its own. */
export async function createStoreUnderTest() {
  const data = await createTestData({ services: inject('services') })
  const proxy = await startStoreProxy(data.config.S3_ENDPOINT)
  const storage = createStorage(data.config)
  const proxied = createStorage({ ...data.config, S3_ENDPOINT: proxy.endpoint })
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-storage-'))
  await storage.ensureBucket()
  return {
    config: data.config,
    storage,
    proxied,
    proxy,
    /** For files to upload. */
    folder,
    /** The whole object. */
    stored: (key: string) => buffer(storage.read(key, AbortSignal.timeout(5_000))),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await data.drop()
      rmSync(folder, { recursive: true })
    },
  }
}

export type StoreUnderTest = Awaited<ReturnType<typeof createStoreUnderTest>>

export const partBytes = 8 * 2 ** 20

/** A key never used before. */
export function newKey(): string {
  return `source/${randomBytes(6).toString('hex')}`
}

/** What every upload is told. */
export function within(ms: number): { contentType: string; signal: AbortSignal } {
  return { contentType: 'video/mp4', signal: AbortSignal.timeout(ms) }
}

/** `body` as it comes from a socket, and then its end, or `end` thrown. */
export async function* inPieces(body: Buffer, end?: Error): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += 70_001) yield body.subarray(at, at + 70_001)
  if (end) throw end
}
