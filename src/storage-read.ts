import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { StepladderError } from './errors.ts'
import { ask, asStoreError, type Patience } from './storage-request.ts'

/** A store that begins an object and falls silent; time in which we do not read does not count. */
const silenceMs = 30_000
/** So often a body is taken up again without a byte gained in between. */
const fruitlessTries = 5

/**
 * The bytes of an object. A body that breaks off is taken up where it ended, since what waits for the bytes
 * (an ffmpeg fed by a pipe) cannot begin again; a key is never written twice, so they belong together.
 * Throws `object_missing`, and TransientError when the store does not deliver.
 */
export async function* readObject(
  presign: () => Promise<string>,
  options: { key: string; signal: AbortSignal; patience: Patience },
): AsyncGenerator<Buffer> {
  const { signal, patience } = options
  let offset = 0
  for (let fruitless = 0; ; fruitless++) {
    const body = await open(presign, { ...options, offset })
    try {
      for await (const piece of body) {
        offset += piece.length
        fruitless = 0
        yield piece
      }
      return
    } catch (error) {
      signal.throwIfAborted()
      const fault = asStoreError(error)
      patience.onOutage?.(fault)
      if (fruitless === fruitlessTries) throw fault
    }
    await sleep(100 * 2 ** fruitless, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

async function open(
  presign: () => Promise<string>,
  { key, offset, signal, patience }: { key: string; offset: number; signal: AbortSignal; patience: Patience },
): Promise<AsyncIterable<Buffer>> {
  try {
    const { statusCode, body } = await ask(
      async () => {
        const headers = offset > 0 ? { range: `bytes=${offset}-` } : {}
        const limits = { headersTimeout: silenceMs, bodyTimeout: silenceMs }
        const answer = await request(await presign(), { headers, signal, ...limits })
        if (answer.statusCode >= 500) throw new Error(`HTTP ${answer.statusCode} ${await answer.body.text()}`)
        return answer
      },
      { ...patience, signal },
    )
    if (statusCode === (offset > 0 ? 206 : 200)) return body
    await body.dump()
    if (statusCode === 404) throw new StepladderError('object_missing', `the store has no object ${key}`)
    throw asStoreError(`HTTP ${statusCode} for ${key}`)
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof StepladderError ? error : asStoreError(error)
  }
}
