import { loadConfig } from '../src/config.ts'
import { createDatabase } from '../src/db.ts'
import { messageOf } from '../src/errors.ts'
import { createProcessLog } from '../src/log.ts'
import { grantToRoles, migrate } from '../src/migrate.ts'
import { createStream } from '../src/queue/stream.ts'
import { createRedis, redisNames } from '../src/redis.ts'
import { createStorage } from '../src/storage.ts'
import { allowOrigins, corsOutcomes } from '../src/storage-cors.ts'

if (process.argv.includes('--help')) {
  console.log(
    'Applies sql/, creates the bucket with its CORS rule and the consumer group, and exits. Configured by the environment.',
  )
  process.exit(0)
}

const config = loadConfig()
const log = createProcessLog('migrate', config)
const sql = createDatabase({ url: config.DATABASE_URL, name: 'stepladder-migrate', max: 2 })
const redis = createRedis({ url: config.REDIS_URL, role: 'patient', log })
try {
  const applied = await migrate(sql)
  await grantToRoles(sql)
  log.info({ applied }, applied.length > 0 ? 'database migrated' : 'database is up to date')
  await createStream(redis, redisNames(config.REDIS_PREFIX)).createGroup()
  const storage = createStorage(config)
  await storage.ensureBucket()
  log.info('bucket and consumer group are there')
  const cors = await allowOrigins(storage, config.CORS_ORIGINS)
  log.info({ cors, origins: config.CORS_ORIGINS }, corsOutcomes[cors])
} catch (error) {
  log.error({ err: messageOf(error) }, 'migration failed')
  process.exitCode = 1
} finally {
  await sql.end({ timeout: 5 })
  redis.disconnect()
}
