import { type DestinationStream, pino } from 'pino'
import type { Config } from './config.ts'
import { createScrubber, secretsOf } from './log-scrub.ts'

export type Log = pino.Logger

/** Names of fields whose value is nobody's business, at the top of a line and one level below. */
const unspoken = ['authorization', 'cookie', 'password', 'secret', 'secretKey', 'token']

/** The log of a process, from which what `config` holds of secrets is kept out too. On standard error unless told. */
export function createProcessLog(name: string, config: Config, destination?: DestinationStream): Log {
  return open({ name, level: config.LOG_LEVEL, secrets: secretsOf(config), destination })
}

/** JSON lines on standard error, so that standard output stays free for results. */
export function createLog(name: string, level: string): Log {
  return open({ name, level, secrets: [] })
}

function open(options: {
  name: string
  level: string
  secrets: string[]
  destination?: DestinationStream | undefined
}): Log {
  const { name, level, secrets, destination = pino.destination({ fd: 2, sync: true }) } = options
  return pino(
    {
      name,
      level,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: unspoken.flatMap((field) => [field, `*.${field}`]), censor: '<hidden>' },
      hooks: { streamWrite: createScrubber(secrets) },
    },
    destination,
  )
}
