import { expect } from 'vitest'
import type { ApiUnderTest } from './api-under-test.ts'

export type Begun = { id: string; key: string; url: string; size_bytes: number | null }
type Signed = { method: string; url: string; key: string; expires_at: string }
export type Part = { number: number; body: Buffer }
export type SentPart = { number: number; etag: string }

/** S3 takes no smaller part but the last. */
const partBytes = 5 * 2 ** 20

export async function begin(api: ApiUnderTest, fields: object = {}): Promise<Begun> {
  const { status, body } = await api.ask('/uploads', { json: fields })
  expect(status).toBe(201)
  return body
}

export async function sign(api: ApiUnderTest, id: string, operation: object): Promise<Signed> {
  const { status, body } = await api.ask(`/uploads/${id}/sign`, { json: operation })
  expect(status).toBe(200)
  return body
}

export function partsOf(bytes: Buffer): [Part, Part, Part] {
  const at = (number: number) => ({
    number,
    body: bytes.subarray((number - 1) * partBytes, number * partBytes),
  })
  return [at(1), at(2), at(3)]
}

/** What S3 does with an upload, each by an address that the API signed. */
export function signed(api: ApiUnderTest, { id }: { id: string }, method: 'POST' | 'GET' | 'DELETE') {
  async function send(upload_id: string | undefined, body: string | null = null): Promise<string> {
    const { url } = await sign(api, id, { method, ...(upload_id !== undefined && { upload_id }) })
    const response = await fetch(url, { method, body })
    expect(response.status).toBe(method === 'DELETE' ? 204 : 200)
    return response.text()
  }

  return {
    create: async () => /<UploadId>([^<]+)</.exec(await send(undefined))?.[1] ?? '',
    list: async (uploadId: string): Promise<SentPart[]> =>
      // Servers differ in the order of the fields and in how they escape quotes.
      [...(await send(uploadId)).matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
        number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
        etag: `"${/[0-9a-f]{32}/.exec(part)?.[0]}"`,
      })),
    complete: async (uploadId: string, parts: readonly SentPart[]) => {
      const sorted = parts.toSorted((a, b) => a.number - b.number)
      const list = sorted.map(
        ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
      )
      const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`
      expect(await send(uploadId, body)).toContain('<CompleteMultipartUploadResult')
    },
    abort: (uploadId: string) => send(uploadId),
  }
}

/** Sends parts one after another; of a part sent twice the later ETag counts. */
export async function uploadInParts(
  api: ApiUnderTest,
  upload: { id: string; uploadId: string },
  parts: readonly Part[],
): Promise<SentPart[]> {
  const sent = new Map<number, string>()
  for (const { number, body } of parts) {
    const operation = { method: 'PUT', upload_id: upload.uploadId, part_number: number }
    const { url } = await sign(api, upload.id, operation)
    const response = await fetch(url, { method: 'PUT', body: new Uint8Array(body) })
    expect(response.status).toBe(200)
    sent.set(number, response.headers.get('etag') ?? '')
  }
  return [...sent].map(([number, etag]) => ({ number, etag }))
}
