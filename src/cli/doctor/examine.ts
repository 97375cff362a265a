import { type Config, loadConfig } from '../../config.ts'
import { ConfigError, messageOf } from '../../errors.ts'
import { type Check, failed, guarded, ok } from '../../health/check.ts'
import { checkSandbox } from '../../health/sandbox.ts'
import { openSandbox } from '../../media/ffmpeg/open-sandbox.ts'
import { createStorage } from '../../storage.ts'
import { readReadiness } from '../client/system.ts'
import type { Line } from '../screen/paint.ts'
import { statusPiece } from '../screen/words.ts'
import { exits, type Session } from '../session.ts'
import { checkHttpClock } from './clock.ts'
import { checkFfmpeg, checkFfprobe } from './ffmpeg.ts'
import { checkPostgres, checkRedisServer, checkStore } from './neighbours.ts'
import { checkScratch } from './scratch.ts'

type Checks = Record<string, Check>

/** Where a machine has one of these, it is one of the system's, and its own parts are looked at too. */
const ofTheServer = ['DATABASE_URL', 'REDIS_URL', 'S3_ENDPOINT', 'S3_BUCKET', 'FFMPEG_PATH', 'SCRATCH_DIR']

/** Looks at all that can be seen from here; the exit code says whether anything failed. */
export async function examine(session: Session): Promise<number> {
  const { output, invocation } = session
  const isServer = ofTheServer.some((name) => invocation.config.given.has(name))
  const checks = { ...(await checkApi(session)), ...(isServer ? await checkHere(session) : {}) }
  const isWell = Object.values(checks).every(({ status }) => status !== 'failed')
  output.document({ ok: isWell, checks })
  output.print(...Object.entries(checks).flatMap(([name, check]) => lines(name, check)))
  if (!isServer) output.screen.say('from here only the API was asked: see doctor --help')
  return isWell ? exits.ok : exits.failed
}

/** What the API says of itself. */
async function checkApi(session: Session): Promise<Checks> {
  const { baseUrl } = session
  try {
    const { checks } = await readReadiness(session)
    const told = Object.entries(checks).map(([name, { status, message }]): [string, Check] => [
      `api ${name}`,
      { status, message: message.replace(/\.$/, ''), fix: null },
    ])
    const clock = await guarded('The API', () =>
      checkHttpClock('the API', `${baseUrl}/healthz`, session.signal),
    )
    return { api: ok(`The API answers at ${baseUrl}`), ...Object.fromEntries(told), 'api clock': clock }
  } catch (error) {
    session.signal.throwIfAborted()
    const fix = 'start it (npm run api), or let STEPLADDER_API or --api name its address'
    return { api: failed(capital(messageOf(error)), fix) }
  }
}

/** What this machine has and reaches itself. */
async function checkHere({ baseUrl }: Session): Promise<Checks> {
  try {
    const config = loadConfig()
    const { origin } = new URL(baseUrl)
    const found = await Promise.all([
      checkFfmpeg(config.FFMPEG_PATH).catch((error) => noFfmpeg(error)),
      checkFfprobe(config.FFPROBE_PATH).then((ffprobe) => ({ ffprobe })),
      checkPostgres(config),
      checkRedisServer(config),
      checkStore(config, origin),
      lookAtSandbox(config).then((sandbox) => ({ sandbox })),
      checkScratch(config.SCRATCH_DIR, config.MIN_FREE_SCRATCH_BYTES).then((scratch) => ({ scratch })),
    ])
    return Object.assign({}, ...found)
  } catch (error) {
    if (error instanceof ConfigError) return { configuration: failed(capital(error.message)) }
    throw error
  }
}

async function lookAtSandbox(config: Config): Promise<Check> {
  const { presignRead } = createStorage(config)
  // What must be and cannot be is told like what may be and cannot.
  const sandbox = await openSandbox(
    { ...config, SANDBOX: config.SANDBOX === 'off' ? 'off' : 'auto' },
    await presignRead('source/'),
  )
  await sandbox.close()
  return checkSandbox(sandbox)
}

function noFfmpeg(error: unknown): Checks {
  const fix = 'install ffmpeg 5.1 or newer with libx264, or let FFMPEG_PATH name it'
  return { ffmpeg: failed(capital(messageOf(error)), fix) }
}

function lines(name: string, { status, message, fix }: Check): Line[] {
  const head: Line = [statusPiece(status), `${' '.repeat(9 - status.length)}${name.padEnd(16)}${message}`]
  return fix ? [head, { text: `${' '.repeat(25)}→ ${fix}`, style: 'bold' }] : [head]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
