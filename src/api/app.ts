import { Hono, type MiddlewareHandler } from 'hono'
import { StepladderError } from '../errors.ts'
import type { Log } from '../log.ts'
import { authenticate, refuse } from './authenticate.ts'
import type { ApiContext } from './context.ts'
import { healthRoutes } from './health.ts'
import { jobRoutes } from './jobs.ts'
import { limitRoutes } from './limits.ts'
import { withoutToken } from './link-token.ts'
import { notFoundIn } from './not-found.ts'
import { openApiRoutes } from './openapi.ts'
import { guardOrigins } from './origins.ts'
import { pictureRoutes } from './pictures.ts'
import { playbackRoutes } from './playback.ts'
import { probeRoutes } from './probe.ts'
import { problemResponse } from './problem.ts'
import { profileRoutes } from './profiles.ts'
import { progressRoutes } from './progress.ts'
import { limitRates } from './rates/rate-limit.ts'
import { boundBodies } from './request-body.ts'
import { identifyRequests, requestIdOf } from './request-id.ts'
import { runRoutes } from './runs.ts'
import { secureHeaders } from './secure-headers.ts'
import { sessionRoutes } from './session.ts'
import { systemRoutes } from './system.ts'
import { uploadRoutes } from './uploads.ts'
import { videoRoutes } from './videos.ts'
import { webRoutes } from './web.ts'
import { webhookRoutes } from './webhooks.ts'

/** Redis gives up after 1 s and a dead store is noticed sooner, so what takes longer is the database. */
const answerWithinMs = 8_000

/** All routes. Starts nothing; `app.request()` works for everything but the event streams. */
export function createApp(context: ApiContext): Hono {
  const app = new Hono()
  app.use(
    // Every answer has an id, a line in the log and its headers, whoever refuses it below.
    identifyRequests,
    logRequests(context.log),
    secureHeaders(context.config),
    // Costs nothing, and answers preflights, which show no key.
    guardOrigins(context.config),
    boundBodies(context.config),
    // Bounds all that asks a neighbour: first who asks, by whose key it is then counted, and refused after that.
    answerInTime,
    authenticate(context),
    limitRates(context),
    refuse,
  )
  for (const routes of [
    jobRoutes,
    videoRoutes,
    runRoutes,
    uploadRoutes,
    progressRoutes,
    playbackRoutes,
    probeRoutes,
    profileRoutes,
    limitRoutes,
    pictureRoutes,
    systemRoutes,
    sessionRoutes,
    webhookRoutes,
    healthRoutes,
    openApiRoutes,
    webRoutes,
  ]) {
    app.route('/', routes(context))
  }
  app.onError((error, c) => problemResponse(c, error, context.log))
  app.notFound(notFoundIn(app))
  return app
}

const answerInTime: MiddlewareHandler = async (_c, next) => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const seconds = answerWithinMs / 1000
  const timer = setTimeout(() => {
    reject(new StepladderError('database_unavailable', `there was no answer within ${seconds} seconds`))
  }, answerWithinMs)
  try {
    await Promise.race([next(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Without the query, where signatures could be, and without the token of a picture's name. */
function logRequests(log: Log): MiddlewareHandler {
  return async (c, next) => {
    if (!log.isLevelEnabled('debug')) return next()
    const startedAt = performance.now()
    await next()
    const ms = Math.round(performance.now() - startedAt)
    const line = {
      request_id: requestIdOf(c),
      method: c.req.method,
      path: withoutToken(c.req.path),
      status: c.res.status,
      ms,
    }
    log.debug(line, 'request')
  }
}
