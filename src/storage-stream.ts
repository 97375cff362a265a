import { asStoreError, type StoreAnswer } from './storage-request.ts'

/** With S3's limit of 10,000 parts this carries 80 GB; each upload holds one part in memory. */
const partBytes = 8 * 2 ** 20

/** A signed request on the object, patient with an outage; `giveUp` ends the upload whatever happened. */
export type PartStore = {
  send: (
    method: 'POST' | 'PUT',
    query: Record<string, string>,
    options?: { body?: Buffer; goneIsFine?: boolean },
  ) => Promise<StoreAnswer>
  giveUp: (uploadId: string) => Promise<unknown>
}

/**
 * Uploads a stream of unknown length in parts of 8 MiB and completes the object only when the stream
 * ended well, so that a source that dies never looks whole. An upload that fails is aborted. Returns
 * the number of bytes; the caller checks them against what the store then has.
 */
export async function uploadInParts(store: PartStore, stream: AsyncIterable<Buffer>): Promise<number> {
  const etags: string[] = []
  let bytes = 0
  let uploadId: string | null = null
  try {
    for await (const body of inParts(stream)) {
      uploadId ??= await begin(store)
      const query = { uploadId, partNumber: String(etags.length + 1) }
      etags.push((await store.send('PUT', query, { body })).etag)
      bytes += body.length
    }
    if (uploadId !== null) await complete(store, uploadId, etags)
    return bytes
  } catch (error) {
    if (uploadId !== null) await store.giveUp(uploadId)
    throw error
  }
}

async function begin(store: PartStore): Promise<string> {
  const { text } = await store.send('POST', { uploads: '' })
  const uploadId = /<UploadId>([^<]+)</.exec(text)?.[1]
  if (uploadId === undefined) throw asStoreError('it began an upload without naming it')
  return uploadId
}

/** 404 comes from a second try when the first was done and only its answer was lost. */
async function complete(store: PartStore, uploadId: string, etags: readonly string[]): Promise<void> {
  const parts = etags.map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
  )
  const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
  const answer = await store.send('POST', { uploadId }, { body, goneIsFine: true })
  // S3 answers 200 first and may write an error behind it.
  if (answer.status === 200 && answer.text.includes('<Error>')) throw asStoreError(answer.text)
}

/**
 * At least one part, which may be empty; all but the last of the same size. They share one buffer:
 * a part is over when the next is asked for.
 */
async function* inParts(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const part = Buffer.allocUnsafe(partBytes)
  let size = 0
  let parts = 0
  for await (const piece of stream) {
    for (let at = 0; at < piece.length; ) {
      const copied = piece.copy(part, size, at)
      at += copied
      size += copied
      if (size < partBytes) continue
      parts++
      yield part
      size = 0
    }
  }
  if (size > 0 || parts === 0) yield part.subarray(0, size)
}
