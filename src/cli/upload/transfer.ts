import { realpath, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { StepladderError } from '../../errors.ts'
import { beginUpload, getUpload, signOperation } from '../client/uploads.ts'
import type { Reach } from '../client/videos.ts'
import type { Notes, SourceFile, UploadNote } from './notes.ts'
import { completeParts, createParts, listParts, partBytesFor, sendParts } from './parts.ts'
import { sendToStore } from './send.ts'

/** A file up to this size goes in one piece, and again from its start. */
const wholeBytes = 16 * 2 ** 20
const gone = new Set(['upload_not_found', 'upload_expired', 'upload_in_use'])

export type TransferOptions = {
  reach: Reach & { signal: AbortSignal }
  file: SourceFile
  /** Null: an upload that is interrupted is not gone on with. */
  notes: Notes | null
  /** How many bytes more are there; fewer than none when some have to go again. */
  onBytes: (bytes: number) => void
  /** Told what an earlier run has brought there already. */
  onResume?: (bytes: number) => void
}

/** A file as it is now. */
export async function describeFile(path: string): Promise<SourceFile> {
  const { size, mtimeMs } = await stat(path)
  return { path: await realpath(path), name: basename(path), bytes: size, mtimeMs }
}

/**
 * Brings a file into the store, from where an earlier run stopped if there was one. Returns the upload, whose `key` a
 * job can name. Throws `file_changed` when the file is another one by the end.
 */
export async function transferFile(options: TransferOptions): Promise<{ id: string; key: string }> {
  const { file, notes } = options
  if (file.bytes <= wholeBytes) return transferWhole(options)
  const earlier = await notes?.find(file)
  return (earlier && (await resume(options, earlier))) ?? (await begin(options))
}

async function transferWhole({
  reach,
  file,
  onBytes,
}: TransferOptions): Promise<{ id: string; key: string }> {
  const { id, key } = await beginUpload(reach, announced(file))
  await putWhole({ reach, id, path: file.path, bytes: file.bytes, onBytes })
  return { id, key }
}

/** PutObject of all of it. */
export async function putWhole(options: {
  reach: TransferOptions['reach']
  id: string
  path: string
  bytes: number
  onBytes?: (bytes: number) => void
}): Promise<void> {
  const { reach, id, path, bytes, onBytes } = options
  await sendToStore({
    sign: () => signOperation(reach, id, { method: 'PUT' }),
    method: 'PUT',
    body: { path, start: 0, bytes },
    signal: reach.signal,
    ...(onBytes && { onBytes }),
  })
}

async function begin(options: TransferOptions): Promise<{ id: string; key: string }> {
  const { reach, file, notes } = options
  const { id, key } = await beginUpload(reach, announced(file))
  const upload = {
    upload_id: id,
    key,
    store_upload_id: await createParts(options, id),
    part_bytes: partBytesFor(file.bytes),
  }
  await notes?.keep(file, upload)
  return finish(options, upload, [])
}

/** Null where nothing is left to go on with. */
async function resume(
  options: TransferOptions,
  note: UploadNote,
): Promise<{ id: string; key: string } | null> {
  const { reach, file, notes, onResume } = options
  const { upload_id: id, key } = note
  try {
    const { state } = await getUpload(reach, id)
    if (state === 'expired') return null
    if (state === 'uploaded') {
      onResume?.(file.bytes)
      return { id, key }
    }
    const sent = await listParts(options, note)
    if (!sent) return null
    // So that nobody else takes it up.
    await notes?.keep(file, note)
    onResume?.(sent.reduce((sum, { bytes }) => sum + bytes, 0))
    return await finish(options, note, sent)
  } catch (error) {
    if (error instanceof StepladderError && gone.has(error.code)) return null
    throw error
  }
}

async function finish(
  options: TransferOptions,
  upload: Omit<UploadNote, 'pid'>,
  sent: NonNullable<Awaited<ReturnType<typeof listParts>>>,
): Promise<{ id: string; key: string }> {
  const { file } = options
  const parts = await sendParts(options, { file, upload, sent })
  const now = await describeFile(file.path)
  if (now.bytes !== file.bytes || now.mtimeMs !== file.mtimeMs) {
    throw new StepladderError(
      'file_changed',
      `${file.name} was changed while it was uploaded; upload it again`,
    )
  }
  await completeParts(options, upload, parts)
  return { id: upload.upload_id, key: upload.key }
}

/** What the API takes for a name: one line, without characters that no terminal should see. */
function announced({ name, bytes }: SourceFile): { filename: string; size_bytes: number } {
  return { filename: oneLine(name, 255), size_bytes: bytes }
}

/** As the API takes it: well-formed, one line without control characters, and no longer than this. */
export function oneLine(text: string, mostChars: number): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '�')
    .slice(0, mostChars)
    .toWellFormed()
}
