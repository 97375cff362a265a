import { pino } from 'pino'
import { type Config, loadConfig } from '../../../src/config.ts'
import { createProcessLog, type Log } from '../../../src/log.ts'
import { searchLine } from './search.ts'

/** The log of a part that runs in the test's own process, as it would be on standard error, searched and not shown. */
export function searchedLog(name: string, config: Config = loadConfig({})): Log {
  const write = (line: string) => searchLine(`${name} of ${config.REDIS_PREFIX}`, line)
  return createProcessLog(name, { ...config, LOG_LEVEL: 'trace' }, { write })
}

/** The same without its scrubber, the last guard: no secret may come so far. Its lines are added to `heard`. */
export function unscrubbedLog(name: string, heard: string[]): Log {
  function write(line: string): void {
    heard.push(line)
    searchLine(`${name}, unscrubbed`, line)
  }
  return pino({ level: 'trace' }, { write })
}
