import { setTimeout as sleep } from 'node:timers/promises'
import { type StepladderError, TransientError } from '../errors.ts'
import { type Begun, type Validator, validatorOf, whyNotTheRest } from './byte-range.ts'
import { asSourceError, type Download, discard } from './download.ts'

/** In a row, each with less than `progressBytes` to show for it: about a minute and a half. */
const maxTries = 8
const progressBytes = 8 * 2 ** 20
const firstPauseMs = 500
const longestPauseMs = 30_000

export type Reopen = (rest: { from: number; validator: Validator }) => Promise<Download>

type Options = {
  signal: AbortSignal
  /** Told of each break before the download goes on behind `bytes`. */
  onBreak: (fault: StepladderError, bytes: number) => void
  pauseMs?: number
}

/**
 * All bytes of a source, once each and in order. Where the connection breaks, `reopen` asks for the rest,
 * after pauses that grow, as long as the server can tell that it is the same source. Throws what `reopen`
 * throws, and TransientError `source_unreachable` where only a new beginning would help.
 */
export async function* wholeBody(
  first: Download,
  reopen: Reopen,
  { signal, onBreak, pauseMs = firstPauseMs }: Options,
): AsyncGenerator<Buffer> {
  const validator = validatorOf(first.headers)
  const begun: Begun = { validator, url: first.url, totalBytes: first.totalBytes }
  let bytes = 0
  let tries = 0

  /** Returns why it broke off; null at the end of the source. */
  async function* readTo(answer: Download): AsyncGenerator<Buffer, StepladderError | null> {
    const from = bytes
    const end = answer.range ? answer.range.last + 1 : (answer.totalBytes ?? Infinity)
    let tooMany = false
    try {
      for await (const piece of answer.body) {
        tooMany = bytes + piece.length > end
        if (tooMany) break
        bytes += piece.length
        yield piece
      }
    } catch (error) {
      return asSourceError(error)
    } finally {
      if (bytes - from >= progressBytes) tries = 0
    }
    if (tooMany) throw unlike('the server sent more than it said', bytes)
    if (begun.totalBytes === null || bytes === begun.totalBytes) return null
    return new TransientError('source_unreachable', 'the source could not be read: it ended early')
  }

  async function goOn(broken: StepladderError): Promise<Download> {
    for (let fault = broken; ; ) {
      if (!validator || fault.code !== 'source_unreachable' || tries === maxTries) throw fault
      onBreak(fault, bytes)
      await pause(pauseMs * 2 ** tries++, signal)
      const answer = await reopen({ from: bytes, validator }).catch(asSourceError)
      if (answer instanceof Error) {
        fault = answer
        continue
      }
      const reason = whyNotTheRest(answer, begun, bytes)
      if (reason === null) return answer
      discard(answer)
      throw unlike(reason, bytes)
    }
  }

  for (let answer = first; ; ) {
    const fault = yield* readTo(answer)
    if (!fault) return
    answer = await goOn(fault)
    begun.totalBytes = answer.totalBytes
  }
}

/** Nothing is made of what is stored so far: the task begins anew. */
function unlike(reason: string, bytes: number): TransientError {
  const message = `the source broke off after ${bytes} bytes and cannot be gone on with: ${reason}`
  return new TransientError('source_unreachable', message)
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const jittered = Math.min(ms, longestPauseMs) * (0.5 + Math.random() / 2)
  await sleep(jittered, undefined, { signal }).catch(() => {
    throw asSourceError(signal.reason)
  })
}
