import { loadConfig } from '../src/config.ts'
import { startCourier } from '../src/courier/start.ts'
import { createLog } from '../src/log.ts'
import { shutdownRequested } from '../src/shutdown.ts'

if (process.argv.includes('--help')) {
  console.log('Fetches remote sources into the bucket until SIGTERM. Configured by the environment.')
  process.exit(0)
}

const config = loadConfig()
const log = createLog('courier', config.LOG_LEVEL)
const courier = startCourier(config, log)
await shutdownRequested(log)
await courier.drain()
log.info('stopped')
process.exit(0)
