import { availableParallelism, homedir, hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { ConfigError } from './errors.ts'
import { withSecretFiles } from './secret-files.ts'

const milliseconds = (fallback: number) => z.coerce.number().int().positive().default(fallback)
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback)
/** A limit that can be lowered only. */
const upTo = (most: number, least = 1) => z.coerce.number().int().min(least).max(most).default(most)
/** An origin as a rule of a bucket names it, where one `*` stands for anything. */
const originSchema = z
  .string()
  .regex(/^(\*|https?:\/\/[A-Za-z0-9.*:[\]-]+)$/, 'must be origins such as https://example.org')
/** An origin as a browser names it, without a star: whoever may use the API is named. */
const pageOriginSchema = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:[^*]+$/.test(text) && new URL(text).origin === text, {
    error: 'must be origins such as https://example.org, without a path',
  })
/** Requests of one kind that one caller may make in a minute; 0 for as many as it likes. */
const quota = (fallback: number) => z.coerce.number().int().min(0).max(1_000_000).default(fallback)
/** A number of things at once; 0 for as many as anybody likes. */
const atMost = quota
const flag = z
  .enum(['true', 'false', '1', '0', ''])
  .default('false')
  .transform((text) => text === 'true' || text === '1')

const environmentSchema = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .default('postgres://stepladder:stepladder@127.0.0.1:5432/stepladder'),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).default('redis://127.0.0.1:6379'),
  /** Put before every Redis key and channel; empty in production, random in tests. */
  REDIS_PREFIX: z.string().default(''),
  S3_ENDPOINT: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:9000'),
  /** The address browsers reach the same store under, when it differs. */
  S3_PUBLIC_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_ACCESS_KEY: z.string().min(1).default('stepladder'),
  S3_SECRET_KEY: z.string().min(1).default('stepladder-secret'),
  S3_BUCKET: z.string().min(3).default('videos'),
  /** Whose pages may use the bucket by presigned addresses: set as its CORS rule by `migrate`, where the store has such. */
  CORS_ORIGINS: z
    .string()
    .default('*')
    .transform((list) => list.split(',').map((origin) => origin.trim()))
    .pipe(z.array(originSchema)),
  /** Playlists point below this address instead of at presigned URLs (a CDN in front of the bucket). */
  CDN_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  HOST: z.string().default('127.0.0.1'),
  /** Lets the API listen beyond this machine with passwords that everybody knows. */
  ALLOW_DEFAULT_CREDENTIALS: flag,
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  /** Whose pages may ask the API from a browser, beside our own. */
  API_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((origin) => origin.trim() || []))
    .pipe(z.array(pageOriginSchema)),
  /** Proxies in front of the API whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. */
  TRUST_PROXY_HOPS: z.coerce.number().int().min(0).max(10).default(0),
  RATE_READ: quota(6_000),
  RATE_WRITE: quota(3_000),
  RATE_PROBE: quota(60),
  /** Videos of one owner that may wait at once, its open uploads, and open event streams of one caller in one process. */
  MAX_QUEUED_VIDEOS: atMost(10_000),
  MAX_OPEN_UPLOADS: atMost(1_000),
  MAX_EVENT_STREAMS: atMost(2_000),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  WORKER_NAME: z.string().min(1).default(hostname()),
  WORKER_SLOTS: count(availableParallelism()),
  SCRATCH_DIR: z.string().default(join(tmpdir(), 'stepladder')),
  /** A worker with less room than this begins nothing. */
  MIN_FREE_SCRATCH_BYTES: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(2 ** 30),
  FFMPEG_PATH: z.string().default('ffmpeg'),
  FFPROBE_PATH: z.string().default('ffprobe'),
  /** Whether ffmpeg and ffprobe are boxed in by bubblewrap: where that works, always, or never. */
  SANDBOX: z.enum(['auto', 'require', 'off']).default('auto'),
  /** What can be made of a source, instead of src/media/plan/profiles.json. */
  PROFILES_FILE: z.string().optional(),
  LEASE_MS: milliseconds(20_000),
  BEAT_MS: milliseconds(5_000),
  REAP_MS: milliseconds(5_000),
  DISPATCH_MS: milliseconds(1_000),
  RECONCILE_MS: milliseconds(60_000),
  BLOCK_MS: milliseconds(5_000),
  SWEEP_MS: milliseconds(30_000),
  STALL_MS: milliseconds(60_000),
  COLLECT_MS: milliseconds(30_000),
  /** How long the finished pieces of a failed or cancelled video are kept for a retry. */
  KEEP_FAILED_MS: milliseconds(24 * 3_600_000),
  RETRY_BASE_MS: milliseconds(30_000),
  MAX_ATTEMPTS: count(5),
  /** 5 TiB is the largest object of S3. */
  MAX_SOURCE_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(5 * 2 ** 40)
    .default(10 * 2 ** 30),
  /** What a source may be otherwise, never more than src/media/limits.ts says. */
  MAX_SOURCE_DURATION_S: upTo(12 * 3_600),
  MAX_SOURCE_PIXELS: upTo(8192 * 4320, 4_096),
  MAX_SOURCE_FPS: z.coerce.number().int().min(1).max(1_000).default(120),
  MAX_SOURCE_STREAMS: upTo(32),
  /** Above the 16 KiB that metadata alone may take. */
  MAX_BODY_BYTES: z.coerce
    .number()
    .int()
    .min(32_768)
    .max(2 ** 20)
    .default(65_536),
  FETCH_TIMEOUT_MS: milliseconds(2 * 3_600_000),
  FETCH_SLOTS: count(2),
  /** Lets the courier fetch from, and send to, loopback and private addresses (development, tests, intranets). */
  FETCH_PRIVATE_ADDRESSES: flag,
  /** Webhooks that one courier sends at once. */
  WEBHOOK_SLOTS: count(16),
  /** How long the whole of one attempt may take. */
  WEBHOOK_TIMEOUT_MS: milliseconds(5_000),
  /** How long messages and the log of their deliveries are kept. */
  WEBHOOK_KEEP_MS: milliseconds(7 * 24 * 3_600_000),
  /** How long one presigned address of an upload holds. */
  UPLOAD_EXPIRY_S: count(3_600),
  /** How long an upload lives after its last address was signed. */
  UPLOAD_KEEP_S: count(24 * 3_600),
  /** How long a request with the same Idempotency-Key gets the same answer. */
  IDEMPOTENCY_KEEP_S: count(24 * 3_600),
  /** Signs sessions and links; where it is not set, the database keeps one that is made at random. */
  TOKEN_SECRET: z.string().min(32, 'must have 32 characters at least').optional(),
  /** How long a browser stays signed in. */
  SESSION_KEEP_S: count(12 * 3_600),
  /** How long a signed link of a video holds at least; up to an hour more. */
  LINK_KEEP_S: count(3 * 3_600),
})

export type Config = Readonly<z.infer<typeof environmentSchema>>

/** Reads and checks the environment; the only place that does. Throws `bad_config` naming each variable. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  return checkTimes(parseEnvironment(environmentSchema, withSecretFiles(environment)))
}

/** What is set to nothing is not set. */
function parseEnvironment<T>(schema: z.ZodType<T>, environment: NodeJS.ProcessEnv): T {
  const parsed = schema.safeParse(withoutEmpty(environment))
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new ConfigError(`the configuration is not usable: ${faults.join('; ')}`)
}

function withoutEmpty(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
}

/**
 * A lease must outlive two beats, and the reaper must look twice in it, or it takes its own pauses for outages.
 * No address may hold on when its upload is over.
 */
function checkTimes(config: Config): Config {
  for (const name of ['BEAT_MS', 'REAP_MS'] as const) {
    if (config[name] * 2 < config.LEASE_MS) continue
    throw new ConfigError(`the configuration is not usable: ${name} must be under half of LEASE_MS`)
  }
  if (config.UPLOAD_KEEP_S < config.UPLOAD_EXPIRY_S) {
    throw new ConfigError('the configuration is not usable: UPLOAD_KEEP_S must be UPLOAD_EXPIRY_S at least')
  }
  return config
}

const clientSchema = z.object({
  /** The API that the command line asks. */
  STEPLADDER_API: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8080'),
  /** The key that it shows to the API. */
  STEPLADDER_KEY: z.string().optional(),
  /** Where the command line notes uploads that are not over. */
  XDG_STATE_HOME: z.string().default(join(homedir(), '.local', 'state')),
})

/** What the command line reads of the environment. */
export type ClientConfig = Readonly<z.infer<typeof clientSchema>> & {
  /** The server's settings that this environment has too: those of a machine or container of the system. */
  given: ReadonlySet<string>
}

/** The same for the command line. Throws `bad_config`. */
export function loadClientConfig(environment: NodeJS.ProcessEnv = process.env): ClientConfig {
  const given = Object.keys(withoutEmpty(environment))
    .flatMap((name) => [name, name.replace(/_FILE$/, '')])
    .filter((name) => name in environmentSchema.shape)
  return { ...parseEnvironment(clientSchema, environment), given: new Set(given) }
}
