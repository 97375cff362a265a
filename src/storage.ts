import { createReadStream } from 'node:fs'
import { Client } from 'minio'
import { z } from 'zod'
import type { Config } from './config.ts'
import { readObject } from './storage-read.ts'
import {
  ask as askPatiently,
  asStoreError,
  impatientTransport,
  type Patience,
  type StoreRequest,
  s3Code,
  sendPatiently,
} from './storage-request.ts'
import { type PartStore, uploadInParts } from './storage-stream.ts'

const hourS = 3_600
/** Tidying up after a failed upload must not hold up the failure. */
const giveUpWithinMs = 5_000
const probeWithinMs = 3_000
/** There is no such object, or the store could not even hold one under such a key. */
const absentCodes = new Set(['NotFound', 'NoSuchKey', 'KeyTooLongError', 'XMinioInvalidObjectName'])
/** DeleteObjects answers 200 and lists what it did not delete. */
const keptSchema = z.array(z.object({ Key: z.coerce.string(), Code: z.string() }))

type PutOptions = { contentType: string; signal: AbortSignal }
export type Storage = ReturnType<typeof createStorage>
export type StoredObject = { key: string; bytes: number }
export type OpenUpload = { key: string; uploadId: string }

type StorageConfig = Pick<
  Config,
  'S3_ENDPOINT' | 'S3_PUBLIC_ENDPOINT' | 'S3_REGION' | 'S3_ACCESS_KEY' | 'S3_SECRET_KEY' | 'S3_BUCKET'
>

/** The bucket. Objects are written once, whole or not at all, under keys never used before. */
export function createStorage(config: StorageConfig, patience: Patience = {}) {
  const bucket = config.S3_BUCKET
  const client = connect(config, config.S3_ENDPOINT, patience)
  const outside = config.S3_PUBLIC_ENDPOINT ? connect(config, config.S3_PUBLIC_ENDPOINT, patience) : client
  const ask = <T>(question: () => Promise<T>, signal?: AbortSignal) =>
    askPatiently(question, { ...patience, ...(signal && { signal }) })
  const send = (presign: () => Promise<string>, request: StoreRequest) =>
    sendPatiently(presign, { ...(patience.onOutage && { onOutage: patience.onOutage }), ...request })

  const bucketExists = () => ask(() => client.bucketExists(bucket))

  /** Throws unless the store answers within seconds and has the bucket. Asked once. */
  async function probe(): Promise<void> {
    const late = AbortSignal.timeout(probeWithinMs)
    const silence = new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(asStoreError(late.reason)), { once: true })
    })
    if (!(await Promise.race([client.bucketExists(bucket), silence]))) throw asStoreError('it has no bucket')
  }

  async function ensureBucket(): Promise<void> {
    if (await bucketExists()) return
    try {
      await client.makeBucket(bucket, config.S3_REGION)
    } catch (error) {
      // Another `migrate` may have been faster.
      if (!(await bucketExists())) throw asStoreError(error)
    }
  }

  /** Size and ETag, or null when there is no such object. */
  function head(key: string): Promise<{ etag: string; bytes: number } | null> {
    return ask(async () => {
      try {
        const found = await client.statObject(bucket, key)
        return { etag: found.etag, bytes: found.size }
      } catch (error) {
        if (absentCodes.has(s3Code(error))) return null
        throw error
      }
    })
  }

  /** A URL for ffmpeg: valid for 12 h, longer than any task runs. */
  function presignRead(key: string): Promise<string> {
    return client.presignedGetObject(bucket, key, 12 * hourS)
  }

  /**
   * A URL for browsers, the same for an hour and valid for at least three: a player that loads a
   * playlist again must find the addresses it knows.
   */
  function presignPlayback(key: string, now = new Date()): Promise<string> {
    const hour = new Date(Math.floor(now.getTime() / (hourS * 1000)) * hourS * 1000)
    return outside.presignedGetObject(bucket, key, 4 * hourS, {}, hour)
  }

  /** A URL for whoever uploads; `query` tells which operation of an upload in parts it is. Asks nothing of the store. */
  function presignUpload(
    key: string,
    expiryS: number,
    { method, query }: { method: string; query: Record<string, string> } = { method: 'PUT', query: {} },
  ): Promise<string> {
    return outside.presignedUrl(method, bucket, key, expiryS, query)
  }

  /** One PUT of a buffer, aborted with `signal`, tried again while the store is down (at most 10 min). */
  async function put(key: string, body: Buffer, options: PutOptions): Promise<void> {
    const presign = () => client.presignedPutObject(bucket, key, hourS)
    await send(presign, { method: 'PUT', body, ...options })
  }

  /** A stream of unknown length, as patient as `put`. Returns what the store then has under the key. */
  async function putStream(
    key: string,
    stream: AsyncIterable<Buffer>,
    { contentType, signal }: PutOptions,
  ): Promise<{ etag: string; bytes: number }> {
    const presign = (method: string, query: Record<string, string>) => () =>
      client.presignedUrl(method, bucket, key, hourS, query)
    const store: PartStore = {
      send: (method, query, options) =>
        send(presign(method, query), { method, contentType, signal, ...options }),
      giveUp: (uploadId) => abortUpload({ key, uploadId }),
    }
    const bytes = await uploadInParts(store, stream)
    const stored = await head(key)
    if (stored?.bytes !== bytes) throw asStoreError(`it has ${stored?.bytes ?? 'no'} bytes of ${bytes}`)
    return stored
  }

  /** A whole file, as patient as `put`. */
  async function putFile(key: string, path: string, options: PutOptions): Promise<void> {
    await putStream(key, createReadStream(path, { highWaterMark: 2 ** 20 }), options)
  }

  /** Ends an upload that will not be completed; the collector finds one that this could not reach. */
  async function abortUpload({ key, uploadId }: OpenUpload): Promise<void> {
    const presign = () => client.presignedUrl('DELETE', bucket, key, hourS, { uploadId })
    const signal = AbortSignal.timeout(giveUpWithinMs)
    await send(presign, { method: 'DELETE', signal, goneIsFine: true }).catch(() => {})
  }

  /**
   * Every upload in parts that was begun and neither completed nor aborted: of one key, or of the whole
   * bucket, for MinIO lists them by no prefix. Of the whole bucket it knows only what was begun since its
   * own start.
   */
  function listUploads(key = ''): Promise<OpenUpload[]> {
    return ask(async () => {
      const found: OpenUpload[] = []
      for (let from = { key: '', uploadId: '' }; ; ) {
        const page = await client.listIncompleteUploadsQuery(bucket, key, from.key, from.uploadId, '')
        found.push(...page.uploads.map(({ key, uploadId }) => ({ key, uploadId })))
        if (!page.isTruncated) return key === '' ? found : found.filter((upload) => upload.key === key)
        from = { key: page.nextKeyMarker, uploadId: page.nextUploadIdMarker }
      }
    })
  }

  /** The bytes of an object (`readObject`). */
  function read(key: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    return readObject(() => client.presignedGetObject(bucket, key, hourS), { key, signal, patience })
  }

  function list(prefix: string): Promise<StoredObject[]> {
    return ask(async () => {
      const found: StoredObject[] = []
      for await (const item of client.listObjectsV2(bucket, prefix, true)) {
        if (item.name !== undefined) found.push({ key: item.name, bytes: item.size ?? 0 })
      }
      return found
    })
  }

  /** Up to `limit` (1,000 at most) objects of the whole bucket, in the order of their keys, behind the key `after`. */
  function listPage(after: string, limit: number): Promise<{ objects: StoredObject[]; more: boolean }> {
    return ask(async () => {
      const page = await client.listObjectsV2Query(bucket, '', '', '', limit, after)
      const objects = page.objects.flatMap(({ name, size }) =>
        name === undefined ? [] : [{ key: name, bytes: size ?? 0 }],
      )
      return { objects, more: page.isTruncated }
    })
  }

  /** Removes objects; one that is gone already is no error. Throws when the store kept any of them. */
  async function remove(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += 1000) {
      const answer = await ask(() => client.removeObjects(bucket, keys.slice(start, start + 1000)))
      const [kept, ...others] = keptSchema.parse(answer).filter(({ Code }) => Code !== 'NoSuchKey')
      if (kept) throw asStoreError(`${kept.Key} and ${others.length} others were not removed: ${kept.Code}`)
    }
  }

  return {
    bucket,
    ensureBucket,
    bucketExists,
    probe,
    head,
    presignRead,
    presignPlayback,
    presignUpload,
    put,
    putStream,
    putFile,
    abortUpload,
    listUploads,
    read,
    list,
    listPage,
    remove,
    client,
  }
}

function connect(config: StorageConfig, endpoint: string, { silenceMs }: Patience): Client {
  const url = new URL(endpoint)
  return new Client({
    endPoint: url.hostname,
    port: url.port ? Number(url.port) : url.protocol === 'https:' ? 443 : 80,
    useSSL: url.protocol === 'https:',
    accessKey: config.S3_ACCESS_KEY,
    secretKey: config.S3_SECRET_KEY,
    // Naming the region spares a request before every presigned URL.
    region: config.S3_REGION,
    transport: impatientTransport(url.protocol, silenceMs),
    // It would print; we try again ourselves.
    retryOptions: { disableRetry: true },
  })
}
