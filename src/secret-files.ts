import { readFileSync } from 'node:fs'
import { ConfigError } from './errors.ts'

/** Settings that let somebody in. Each may also lie in a file, as secrets of Docker and Kubernetes do. */
const secrets = ['DATABASE_URL', 'REDIS_URL', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'TOKEN_SECRET'] as const

/** Far more than any of them takes: what is larger is no secret but a mistake. */
const mostBytes = 16 * 1024

/**
 * The environment with each `NAME_FILE` replaced by NAME, the text of that file without the line break at its
 * end. Throws `bad_config` where both are given, and for a file that cannot be read, is empty or has several
 * lines; never with what is in it.
 */
export function withSecretFiles(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const read = secrets.flatMap((name) => {
    const path = environment[`${name}_FILE`]
    if (!path) return []
    if (environment[name]) throw unusable(`${name} and ${name}_FILE are both given`)
    return [[name, readSecret(`${name}_FILE`, path)]]
  })
  return { ...environment, ...Object.fromEntries(read) }
}

function readSecret(name: string, path: string): string {
  const text = readText(name, path).replace(/\r?\n$/, '')
  if (text === '') throw unusable(`${name}: the file is empty`)
  if (text.length > mostBytes || /[\0\r\n]/.test(text)) throw unusable(`${name}: the file must hold one line`)
  return text
}

function readText(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw unusable(`${name}: the file cannot be read`, { cause: error })
  }
}

function unusable(fault: string, options?: ErrorOptions): ConfigError {
  return new ConfigError(`the configuration is not usable: ${fault}`, options)
}
