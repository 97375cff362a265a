import { createApp } from '../src/api/app.ts'
import { openContext } from '../src/api/context.ts'
import { checkExposure } from '../src/api/exposure.ts'
import { listen } from '../src/api/server.ts'
import { untilAllowed } from '../src/api/until-allowed.ts'
import { loadConfig } from '../src/config.ts'
import { messageOf } from '../src/errors.ts'
import { createProcessLog } from '../src/log.ts'
import { shutdownRequested } from '../src/shutdown.ts'

if (process.argv.includes('--help')) {
  console.log(
    'Serves the API, the playlists, live progress and the page until SIGTERM. Configured by the environment (HOST, PORT, …).',
  )
  process.exit(0)
}

const config = loadConfig()
const log = createProcessLog('api', config)
try {
  checkExposure(config)
  await using context = await openContext(config, log)
  const stopped = shutdownRequested(log)
  if (await untilAllowed(context, stopped)) {
    const where = { host: config.HOST, port: config.PORT, streams: context.streams, log }
    await using server = await listen(createApp(context), where)
    log.info({ host: config.HOST, port: server.port }, 'listening')
    const isOpen = await context.openMode.isOpen().catch(() => false)
    if (isOpen) log.info('there are no keys: whoever is on this machine may do everything')
    await stopped
  }
} catch (error) {
  log.error({ err: messageOf(error) }, 'the API ended')
  process.exitCode = 1
}
log.info('stopped')
