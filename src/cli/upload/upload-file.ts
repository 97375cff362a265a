import { stat } from 'node:fs/promises'
import { beginUpload } from '../client/uploads.ts'
import { putWhole } from './transfer.ts'

/** A file in one PUT, whatever its size. Returns the object's key. */
export async function uploadFile(options: {
  baseUrl: string
  path: string
  signal?: AbortSignal
}): Promise<string> {
  const { baseUrl, path, signal = new AbortController().signal } = options
  const reach = { baseUrl, signal }
  const { id, key } = await beginUpload(reach)
  const { size: bytes } = await stat(path)
  await putWhole({ reach, id, path, bytes })
  return key
}
