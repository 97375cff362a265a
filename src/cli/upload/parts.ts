import { z } from 'zod'
import { StepladderError } from '../../errors.ts'
import { getUpload, type StoreOperation, signOperation } from '../client/uploads.ts'
import type { Reach } from '../client/videos.ts'
import type { SourceFile, UploadNote } from './notes.ts'
import { sendToStore } from './send.ts'
import { createSlots } from './slots.ts'

type Part = { number: number; start: number; bytes: number }
type SentPart = { number: number; etag: string; bytes: number }
type InParts = Pick<UploadNote, 'upload_id' | 'store_upload_id' | 'part_bytes'>
type Sending = { reach: Reach & { signal: AbortSignal }; onBytes: (bytes: number) => void }

const leastPartBytes = 8 * 2 ** 20
/** ListParts tells as many at a time, and so is asked once. */
const mostParts = 1_000
const partsAtOnce = 3

/** Part sizes of S3: 5 MiB to 5 GiB, all but the last alike. */
export function partBytesFor(fileBytes: number): number {
  return Math.max(leastPartBytes, Math.ceil(fileBytes / mostParts / 2 ** 20) * 2 ** 20)
}

/** All parts of a file, numbered from 1. */
function partsOf(fileBytes: number, partBytes: number): Part[] {
  return Array.from({ length: Math.ceil(fileBytes / partBytes) }, (_, index) => {
    const start = index * partBytes
    return { number: index + 1, start, bytes: Math.min(partBytes, fileBytes - start) }
  })
}

/** CreateMultipartUpload; returns the store's id. */
export async function createParts({ reach }: Sending, uploadId: string): Promise<string> {
  const { text } = await ask(reach, uploadId, { method: 'POST' })
  const id = /<UploadId>([^<]+)</.exec(text)?.[1]
  if (id === undefined)
    throw new StepladderError('upload_refused', 'the store began an upload without naming it')
  return id
}

/** ListParts: what the store has of the upload; null where it knows of no such upload. */
export async function listParts({ reach }: Sending, upload: InParts): Promise<SentPart[] | null> {
  const { status, text } = await ask(reach, upload.upload_id, {
    method: 'GET',
    upload_id: upload.store_upload_id,
  })
  return status === 404 ? null : readParts(text)
}

/** The `Part` elements of a ListPartsResult. */
function readParts(xml: string): SentPart[] {
  const field = (part: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(part)?.[1]
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].flatMap(([, part = '']) => {
    const read = sentPartSchema.safeParse({
      number: field(part, 'PartNumber'),
      etag: field(part, 'ETag')?.replaceAll(/&quot;|&#34;/g, '"'),
      bytes: field(part, 'Size'),
    })
    return read.success ? [read.data] : []
  })
}

const sentPartSchema = z.object({
  number: z.coerce.number().int().positive(),
  etag: z.string(),
  bytes: z.coerce.number().int().nonnegative(),
})

/** Sends the parts that are not there yet, some at a time; returns all of them in order. */
export async function sendParts(
  { reach, onBytes }: Sending,
  { file, upload, sent }: { file: SourceFile; upload: InParts; sent: readonly SentPart[] },
): Promise<SentPart[]> {
  const there = new Map(sent.map((part) => [part.number, part]))
  const inSlot = createSlots(partsAtOnce)
  // The first that fails for good stops the others.
  const failed = new AbortController()
  const signal = AbortSignal.any([reach.signal, failed.signal])
  const send = async (part: Part): Promise<SentPart> => {
    signal.throwIfAborted()
    const operation = { method: 'PUT', upload_id: upload.store_upload_id, part_number: part.number } as const
    const sign = () => signOperation({ ...reach, signal }, upload.upload_id, operation)
    const body = { path: file.path, start: part.start, bytes: part.bytes }
    const { status, etag } = await sendToStore({ sign, method: 'PUT', body, onBytes, signal })
    if (status === 404)
      throw new StepladderError('upload_interrupted', 'the store has forgotten the upload; begin again')
    return { number: part.number, etag, bytes: part.bytes }
  }
  const sending = partsOf(file.bytes, upload.part_bytes).map(async (part) => {
    const earlier = there.get(part.number)
    if (earlier?.bytes === part.bytes) return earlier
    try {
      return await inSlot(() => send(part))
    } catch (error) {
      failed.abort(error)
      throw error
    }
  })
  const ends = await Promise.allSettled(sending)
  reach.signal.throwIfAborted()
  if (failed.signal.aborted) throw failed.signal.reason
  return ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
}

/** CompleteMultipartUpload. Where only the answer to it was lost, the API tells that the object is there. */
export async function completeParts(
  { reach }: Sending,
  upload: InParts,
  parts: readonly SentPart[],
): Promise<void> {
  const list = parts.map(
    ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
  )
  const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`
  const operation = { method: 'POST', upload_id: upload.store_upload_id } as const
  const { status, text } = await ask(reach, upload.upload_id, operation, body)
  // S3 answers 200 first and may write an error behind it.
  if (status !== 404 && !text.includes('<Error>')) return
  if ((await getUpload(reach, upload.upload_id)).state === 'uploaded') return
  throw new StepladderError('upload_refused', `the store did not complete the upload: ${text.slice(0, 500)}`)
}

function ask(
  reach: Sending['reach'],
  id: string,
  operation: StoreOperation & { method: 'POST' | 'GET' },
  body?: string,
) {
  const sign = () => signOperation(reach, id, operation)
  const { method } = operation
  return sendToStore({ sign, method, signal: reach.signal, ...(body !== undefined && { body }) })
}
