import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { StepladderError } from '../errors.ts'
import { checkSource, type FoundSource } from '../jobs/check-source.ts'
import type { MediaInfo } from '../media/model.ts'
import { probeSource } from '../media/probe/probe.ts'
import { sourceLimits } from '../media/probe/source-limits.ts'
import type { Storage } from '../storage.ts'
import { createSlots } from './slots.ts'

/** Together with a second for all else they stay below the time in which the API answers. */
const waitMs = 2_000
const probeMs = 4_500
const slots = 2
const mostWaiting = 20

export type Prober = {
  /** What ffprobe finds in an object of the bucket, while `signal` lasts. */
  probe: (key: string, signal: AbortSignal) => Promise<MediaInfo>
  close: () => void
}

/**
 * Runs ffprobe for requests, confined as in a worker. Besides what `checkSource` and `probeSource` throw:
 * `probe_busy`, `shutting_down`, and `client_gone` where the signal ended it.
 */
export function createProber(config: Config, storage: Storage): Prober {
  const limits = sourceLimits(config)
  const places = createSlots({ slots, mostWaiting, waitMs })
  const closing = new AbortController()
  // Always empty: no program that we start may write a file.
  const cwd = join(config.SCRATCH_DIR, 'api')

  async function probe(key: string, gone: AbortSignal): Promise<MediaInfo> {
    const signal = AbortSignal.any([gone, closing.signal])
    const { etag, bytes } = await checkSource(storage, key, config.MAX_SOURCE_BYTES)
    try {
      return await places.within(signal, () => run({ key, etag, bytes, signal }))
    } catch (error) {
      if (gone.aborted) throw new StepladderError('client_gone', 'the client went away', { cause: error })
      throw error
    }
  }

  async function run(source: FoundSource & { key: string; signal: AbortSignal }): Promise<MediaInfo> {
    await mkdir(cwd, { recursive: true, mode: 0o700 })
    return probeSource({
      ffprobePath: config.FFPROBE_PATH,
      url: await storage.presignRead(source.key),
      etag: source.etag,
      sizeBytes: source.bytes,
      limits,
      cwd,
      signal: source.signal,
      timeoutMs: probeMs,
    })
  }

  return {
    probe,
    close: () =>
      closing.abort(new StepladderError('shutting_down', 'the server is shutting down; try again')),
  }
}
