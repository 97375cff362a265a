import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'minio'
import type { Config } from './config.ts'
import { messageOf, TransientError } from './errors.ts'
import { asStoreError, uploadInParts } from './storage-stream.ts'

const hourS = 3_600
const putTimeoutMs = 60_000
/** How long a segment's upload is tried again while the store is down; the task holds on meanwhile. */
const outageLimitMs = 600_000

export type Storage = ReturnType<typeof createStorage>
export type StoredObject = { key: string; bytes: number }

type StorageConfig = Pick<
  Config,
  'S3_ENDPOINT' | 'S3_PUBLIC_ENDPOINT' | 'S3_REGION' | 'S3_ACCESS_KEY' | 'S3_SECRET_KEY' | 'S3_BUCKET'
>

/** The bucket. Objects are written once, from buffers or files of known size, under keys never used before. */
export function createStorage(config: StorageConfig) {
  const bucket = config.S3_BUCKET
  const client = connect(config, config.S3_ENDPOINT)
  const outside = config.S3_PUBLIC_ENDPOINT ? connect(config, config.S3_PUBLIC_ENDPOINT) : client

  async function ensureBucket(): Promise<void> {
    if (await client.bucketExists(bucket)) return
    try {
      await client.makeBucket(bucket, config.S3_REGION)
    } catch (error) {
      // Another `migrate` may have been faster.
      if (!(await client.bucketExists(bucket))) throw error
    }
  }

  /** Size and ETag, or null when there is no such object. */
  async function head(key: string): Promise<{ etag: string; bytes: number } | null> {
    try {
      const found = await client.statObject(bucket, key)
      return { etag: found.etag, bytes: found.size }
    } catch (error) {
      if (errorCode(error) === 'NotFound' || errorCode(error) === 'NoSuchKey') return null
      throw new TransientError(
        'storage_unavailable',
        `the object store did not answer: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
    }
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

  function presignUpload(key: string, expiryS: number): Promise<string> {
    return outside.presignedPutObject(bucket, key, expiryS)
  }

  /** One PUT of a buffer, aborted with `signal`, tried again while the store is down (at most 10 min). */
  async function put(key: string, body: Buffer, options: PutOptions): Promise<void> {
    await putPatiently(() => client.presignedPutObject(bucket, key, hourS), body, options)
  }

  /** A stream of unknown length. Returns what the store then has under the key. */
  async function putStream(
    key: string,
    stream: AsyncIterable<Buffer>,
    options: PutOptions,
  ): Promise<{ etag: string; bytes: number }> {
    const putPart = (query: { uploadId: string; partNumber: string }, body: Buffer) =>
      putPatiently(() => client.presignedUrl('PUT', bucket, key, hourS, query), body, options)
    const bytes = await uploadInParts({ client, bucket, putPart }, key, stream, options.contentType)
    const stored = await head(key)
    if (stored?.bytes !== bytes) throw asStoreError(`${stored?.bytes ?? 'no'} bytes stored of ${bytes}`)
    return stored
  }

  /** A whole file of known size; large ones go as multipart. */
  async function putFile(key: string, path: string, contentType: string): Promise<void> {
    try {
      await client.fPutObject(bucket, key, path, { 'Content-Type': contentType })
    } catch (error) {
      throw new TransientError(
        'storage_unavailable',
        `the object store refused a file: ${messageOf(error)}`,
        { cause: error },
      )
    }
  }

  /** The bytes of an object as a web stream. Throws TransientError when the store does not deliver. */
  async function read(key: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await fetch(await client.presignedGetObject(bucket, key, hourS), { signal })
    if (response.ok && response.body) return response.body
    await response.arrayBuffer()
    throw new TransientError(
      'storage_unavailable',
      `the object store answered HTTP ${response.status} for ${key}`,
    )
  }

  async function list(prefix: string): Promise<StoredObject[]> {
    const found: StoredObject[] = []
    for await (const item of client.listObjectsV2(bucket, prefix, true)) {
      if (item.name !== undefined) found.push({ key: item.name, bytes: item.size ?? 0 })
    }
    return found
  }

  /** Removes objects; one that is gone already is no error. */
  async function remove(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += 1000) {
      await client.removeObjects(bucket, keys.slice(start, start + 1000))
    }
  }

  return {
    bucket,
    ensureBucket,
    bucketExists: () => client.bucketExists(bucket),
    head,
    presignRead,
    presignPlayback,
    presignUpload,
    put,
    putStream,
    putFile,
    read,
    list,
    remove,
    client,
  }
}

function connect(config: StorageConfig, endpoint: string): Client {
  const url = new URL(endpoint)
  return new Client({
    endPoint: url.hostname,
    port: url.port ? Number(url.port) : url.protocol === 'https:' ? 443 : 80,
    useSSL: url.protocol === 'https:',
    accessKey: config.S3_ACCESS_KEY,
    secretKey: config.S3_SECRET_KEY,
    // Naming the region spares a request before every presigned URL.
    region: config.S3_REGION,
  })
}

type PutOptions = { contentType: string; signal: AbortSignal }

/** Returns the ETag. Throws TransientError after ten minutes of refusals. */
async function putPatiently(
  presign: () => Promise<string>,
  body: Buffer,
  options: PutOptions,
): Promise<string> {
  const deadline = Date.now() + outageLimitMs
  for (let attempt = 0; ; attempt++) {
    options.signal.throwIfAborted()
    try {
      return await putOnce(await presign(), body, options)
    } catch (error) {
      options.signal.throwIfAborted()
      if (Date.now() > deadline) throw asStoreError(error)
      await sleep(backoffMs(attempt), undefined, { signal: options.signal })
    }
  }
}

/** By fetch, which can be aborted, as minio-js cannot: a fenced worker stops its uploads at once. */
async function putOnce(url: string, body: Buffer, options: PutOptions): Promise<string> {
  const response = await fetch(url, {
    method: 'PUT',
    body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) as Uint8Array<ArrayBuffer>,
    headers: { 'content-type': options.contentType },
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(putTimeoutMs)]),
  })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return response.headers.get('etag') ?? ''
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function backoffMs(attempt: number): number {
  return Math.min(200 * 2 ** attempt, 5_000) * (0.5 + Math.random() / 2)
}
