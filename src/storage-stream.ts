import type { Client } from 'minio'
import { messageOf, TransientError } from './errors.ts'

/** With S3's limit of 10,000 parts this carries 160 GB; each upload holds one part in memory. */
const partBytes = 16 * 2 ** 20

type Part = { part: number; etag: string }
type PutPart = (query: { uploadId: string; partNumber: string }, body: Buffer) => Promise<string>

/**
 * Uploads a stream of unknown length in parts of 16 MiB and completes the object only when the stream
 * ended well, so that a source that dies never looks whole. An upload that fails is aborted. Returns
 * the number of bytes.
 */
export async function uploadInParts(
  store: { client: Client; bucket: string; putPart: PutPart },
  key: string,
  stream: AsyncIterable<Buffer>,
  contentType: string,
): Promise<number> {
  const { client, bucket, putPart } = store
  const uploadId = await client.initiateNewMultipartUpload(bucket, key, { 'Content-Type': contentType })
  try {
    const parts: Part[] = []
    let bytes = 0
    for await (const body of inParts(stream)) {
      const part = parts.length + 1
      parts.push({ part, etag: await putPart({ uploadId, partNumber: String(part) }, body) })
      bytes += body.length
    }
    await client.completeMultipartUpload(bucket, key, uploadId, parts)
    return bytes
  } catch (error) {
    await client.abortMultipartUpload(bucket, key, uploadId).catch(() => {})
    throw error
  }
}

/** At least one part, which may be empty; all but the last of the same size. */
async function* inParts(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let size = 0
  let parts = 0
  for await (const piece of stream) {
    held.push(piece)
    size += piece.length
    if (size < partBytes) continue
    const joined = Buffer.concat(held)
    for (let at = 0; joined.length - at >= partBytes; at += partBytes) {
      parts++
      yield joined.subarray(at, at + partBytes)
    }
    held = [joined.subarray(joined.length - (joined.length % partBytes))]
    size = held[0]?.length ?? 0
  }
  if (size > 0 || parts === 0) yield Buffer.concat(held)
}

export function asStoreError(error: unknown): TransientError {
  return new TransientError('storage_unavailable', `the object store refuses writes: ${messageOf(error)}`, {
    cause: error,
  })
}
