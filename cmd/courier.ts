import { loadConfig } from '../src/config.ts'
import { startCourier } from '../src/courier/start.ts'
import { createProcessLog } from '../src/log.ts'
import { shutdownRequested } from '../src/shutdown.ts'

if (process.argv.includes('--help')) {
  console.log('Fetches remote sources into the bucket until SIGTERM. Configured by the environment.')
  process.exit(0)
}

const config = loadConfig()
const log = createProcessLog('courier', config)
// From the first moment on: a signal during the start is answered with a drain too.
const stopped = shutdownRequested(log)
const courier = startCourier(config, log)
await stopped
await courier.drain()
log.info('stopped')
process.exit(0)
