// cmd/worker.ts with a place to die at.
import { loadConfig } from '../../../src/config.ts'
import { createProcessLog } from '../../../src/log.ts'
import { shutdownRequested } from '../../../src/shutdown.ts'
import { startWorker } from '../../../src/worker/start.ts'
import { reachFromArguments } from './die-at.ts'

const config = loadConfig()
const log = createProcessLog('worker', config).child({ worker: config.WORKER_NAME })
const stopped = shutdownRequested(log)
const worker = await startWorker(config, log, { reach: reachFromArguments(process.argv) })
await stopped
await worker.drain()
log.info('stopped')
process.exit(0)
