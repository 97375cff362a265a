import { isLoopback } from '../auth/open-mode.ts'
import type { Config } from '../config.ts'
import { ConfigError } from '../errors.ts'

/** Passwords that we, or the makers of the services, give out to begin with: the first that anybody tries. */
const givenOut = new Set([
  'stepladder',
  'stepladder-api',
  'stepladder-secret',
  'stepladder-migrate',
  'stepladder-worker',
  'stepladder-courier',
  'minioadmin',
  'minio123',
  'postgres',
  'redis',
  'password',
  'changeme',
  'secret',
  'admin',
])

/**
 * Throws `bad_config` where the API would listen beyond this machine while database, Redis or store take a
 * password that everybody knows. A neighbour without any password is none of this: it may know us otherwise.
 */
export function checkExposure(
  config: Pick<
    Config,
    'HOST' | 'ALLOW_DEFAULT_CREDENTIALS' | 'DATABASE_URL' | 'REDIS_URL' | 'S3_ACCESS_KEY' | 'S3_SECRET_KEY'
  >,
): void {
  if (isLoopback(config.HOST) || config.ALLOW_DEFAULT_CREDENTIALS) return
  const passwords = {
    DATABASE_URL: passwordOf(config.DATABASE_URL),
    REDIS_URL: passwordOf(config.REDIS_URL),
    S3_SECRET_KEY: config.S3_SECRET_KEY,
  }
  const known = Object.entries(passwords).filter(([, password]) => givenOut.has(password.toLowerCase()))
  if (known.length === 0) return
  const names = known.map(([name]) => name).join(', ')
  throw new ConfigError(
    `the API would listen on ${config.HOST} with a password that everybody knows in ${names}: change it, or set ALLOW_DEFAULT_CREDENTIALS=true where nobody else reaches this port, the database, Redis and the store`,
  )
}

function passwordOf(url: string): string {
  const { password } = new URL(url)
  try {
    return decodeURIComponent(password)
  } catch {
    return password // not encoded as it should be, and so not one of ours
  }
}
