// cmd/courier.ts with a place to die at.
import { loadConfig } from '../../../src/config.ts'
import { startCourier } from '../../../src/courier/start.ts'
import { createProcessLog } from '../../../src/log.ts'
import { shutdownRequested } from '../../../src/shutdown.ts'
import { reachFromArguments } from './die-at.ts'

const config = loadConfig()
const log = createProcessLog('courier', config)
const stopped = shutdownRequested(log)
const courier = startCourier(config, log, reachFromArguments(process.argv))
await stopped
await courier.drain()
log.info('stopped')
process.exit(0)
