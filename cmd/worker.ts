import { loadConfig } from '../src/config.ts'
import { createProcessLog } from '../src/log.ts'
import { shutdownRequested } from '../src/shutdown.ts'
import { startWorker } from '../src/worker/start.ts'

if (process.argv.includes('--help')) {
  console.log(
    'Takes tasks and runs ffmpeg until SIGTERM, then gives back what it holds. Configured by the environment.',
  )
  process.exit(0)
}

const config = loadConfig()
const log = createProcessLog('worker', config).child({ worker: config.WORKER_NAME })
// From the first moment on: a signal during the start is answered with a drain too.
const stopped = shutdownRequested(log)
const worker = await startWorker(config, log)
await stopped
await worker.drain()
log.info('stopped')
process.exit(0)
