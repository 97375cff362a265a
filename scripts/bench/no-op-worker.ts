// cmd/worker.ts whose tasks encode nothing: what the benchmark of the control plane runs.
import { parseArgs } from 'node:util'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { shutdownRequested } from '../../src/shutdown.ts'
import { startWorker } from '../../src/worker/start.ts'
import { performNothing } from './control-plane/perform-nothing.ts'

const { values } = parseArgs({ options: { 'chunk-ms': { type: 'string', default: '0' } } })
const config = loadConfig()
const log = createLog('worker', config.LOG_LEVEL).child({ worker: config.WORKER_NAME })
const stopped = shutdownRequested(log)
const worker = await startWorker(config, log, { perform: performNothing(Number(values['chunk-ms'])) })
await stopped
await worker.drain()
process.exit(0)
