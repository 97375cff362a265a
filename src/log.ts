import { pino } from 'pino'

export type Log = pino.Logger

/** JSON lines on standard error, so that standard output stays free for results. */
export function createLog(name: string, level: string): Log {
  return pino(
    {
      name,
      level,
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ fd: 2, sync: true }),
  )
}
