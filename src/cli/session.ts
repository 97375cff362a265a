import type { Command } from 'commander'
import { z } from 'zod'
import type { ClientConfig } from '../config.ts'
import { StepladderError } from '../errors.ts'
import { createOutput, type Output, type Streams } from './output.ts'

/** What the program was started with. */
export type Invocation = {
  argv: readonly string[]
  config: ClientConfig
  streams: Streams
  stdin: NodeJS.ReadStream
  signal: AbortSignal
}

/** What every verb works with. */
export type Session = {
  baseUrl: string
  /** Undefined for an API without keys. */
  key: string | undefined
  signal: AbortSignal
  output: Output
  invocation: Invocation
}

/** The exit codes that scripts can trust. An interruption ends with 128 and the signal's number. */
export const exits = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const

/** What a verb does with its arguments and options; resolves with the exit code. */
type Work<Options> = (session: Session, args: string[], options: Options) => Promise<number>
/** Makes a verb's action: reads the options by the schema and keeps the exit code. */
export type Perform = <Options>(
  schema: z.ZodType<Options>,
  work: Work<Options>,
) => (this: Command) => Promise<void>

const globalSchema = z.looseObject({ api: z.string().optional(), json: z.boolean().default(false) })

/** Throws `usage` for an address that is none. */
export function openSession(invocation: Invocation, options: unknown): Session {
  const { api = invocation.config.STEPLADDER_API, json } = globalSchema.parse(options)
  if (!/^https?:/i.test(api) || !URL.canParse(api)) throw usage(`not an http or https URL: ${api}`)
  return {
    baseUrl: api.replace(/\/+$/, ''),
    key: invocation.config.STEPLADDER_KEY?.trim(),
    signal: invocation.signal,
    output: createOutput(invocation.streams, json),
    invocation,
  }
}

/** The mistake of whoever typed the command. */
export function usage(sentence: string): StepladderError {
  return new StepladderError('usage', sentence)
}
