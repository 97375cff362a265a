import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { choosePort } from '../../scripts/stack/ports.ts'
import { createProcessGroup } from '../../scripts/stack/processes.ts'
import { untilItAnswers } from '../../scripts/stack/ready.ts'
import { pingRedis } from '../../scripts/stack/redis.ts'

const redisRoles = ['migrate', 'api', 'worker', 'courier'] as const
export type RedisRoleName = (typeof redisRoles)[number]

/** The Redis of the compose file: its users, its start script, passwords of ours; and one user who may do all. */
export async function startGuardedRedis(folder: string) {
  const files = join(folder, 'redis')
  cpSync(join(import.meta.dirname, '../../docker/redis'), files, { recursive: true })
  const users = join(files, 'users.acl')
  writeFileSync(users, `${readFileSync(users, 'utf8')}user test on >test ~* &* +@all\n`)
  const processes = createProcessGroup()
  const port = await choosePort(0)
  const logFile = join(folder, 'redis.log')
  const passwords = redisRoles.map((role) => [`REDIS_${role.toUpperCase()}_PASSWORD`, `secret-${role}`])
  const process_ = processes.start({
    name: 'redis',
    command: join(files, 'start.sh'),
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes'],
    environment: {
      PATH: process.env.PATH ?? '',
      REDIS_ACL_FILE: join(folder, 'made.acl'),
      ...Object.fromEntries(passwords),
    },
    output: logFile,
  })
  const url = `redis://test:test@127.0.0.1:${port}`
  await untilItAnswers({ name: 'Redis', probe: () => pingRedis(url), process: process_, logFile })
  return {
    url,
    urlOf: (role: RedisRoleName) => `redis://${role}:secret-${role}@127.0.0.1:${port}`,
    plainUrl: `redis://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => processes.stopAll(),
  }
}
