import { stat } from 'node:fs/promises'
import { beginUpload } from '../client/uploads.ts'
import { putWhole } from './transfer.ts'

/** A file in one PUT, whatever its size. Returns the object's key. */
export async function uploadFile(options: {
  baseUrl: string
  key?: string | undefined
  path: string
  signal?: AbortSignal
}): Promise<string> {
  const { baseUrl, key: apiKey, path, signal = new AbortController().signal } = options
  const reach = { baseUrl, key: apiKey, signal }
  const { id, key } = await beginUpload(reach)
  const { size: bytes } = await stat(path)
  await putWhole({ reach, id, path, bytes })
  return key
}
