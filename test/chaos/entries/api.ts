// cmd/api.ts with a place to die at.
import { createApp } from '../../../src/api/app.ts'
import { openContext } from '../../../src/api/context.ts'
import { listen } from '../../../src/api/server.ts'
import { loadConfig } from '../../../src/config.ts'
import { createProcessLog } from '../../../src/log.ts'
import { shutdownRequested } from '../../../src/shutdown.ts'
import { reachFromArguments } from './die-at.ts'

const config = loadConfig()
const log = createProcessLog('api', config)
await using context = await openContext(config, log, { reach: reachFromArguments(process.argv) })
const where = { host: config.HOST, port: config.PORT, streams: context.streams, log }
await using server = await listen(createApp(context), where)
log.info({ host: config.HOST, port: server.port }, 'listening')
await shutdownRequested(log)
