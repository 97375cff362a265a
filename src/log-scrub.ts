import type { Config } from './config.ts'

const hidden = '<hidden>'

/** What lets somebody in, by its form; each stops at a quote or a backslash, so that JSON stays JSON. */
const forms: readonly (readonly [RegExp, string])[] = [
  // Of a presigned address: without these parts it opens nothing.
  [/\b(X-Amz-(?:Signature|Credential|Security-Token))(=|%3D)[^&\s"'\\<>]*/gi, `$1$2${hidden}`],
  // Of a signed request (AWS Signature Version 4).
  [/\b(Signature=)[0-9a-f]{64}\b/gi, `$1${hidden}`],
  // User and password of an address.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"'\\<>]+@/gi, `$1${hidden}@`],
  // Our API keys (`id.secret`), signed tokens (JWT), and those that an address carries.
  [/\b([0-9a-f]{16}\.)[\w-]{43}(?![\w-])/g, `$1${hidden}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, hidden],
  [/([?&]token=)[^&\s"'\\<>]+/gi, `$1${hidden}`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{16,}/gi, `$1 ${hidden}`],
  // Standard Webhooks.
  [/\b(whsec_)[\w+/=-]+/g, `$1${hidden}`],
]

/** Too short to be searched for: it would be found in what is none. */
const leastChars = 8

/**
 * Takes secrets out of a line of the log before it is written, whoever put them there: ours by their text, and
 * those of others by their form; and keeps it one line. The last guard; whoever logs keeps them out to begin with.
 */
export function createScrubber(secrets: readonly string[]): (line: string) => string {
  const known = secrets.filter((secret) => secret.length >= leastChars).map(inJson)
  return (line) => {
    const shapeless = known.reduce((text, secret) => text.replaceAll(secret, hidden), line)
    const scrubbed = forms.reduce((text, [form, instead]) => text.replaceAll(form, instead), shapeless)
    return scrubbed.replaceAll(breaking, escaped)
  }
}

/**
 * What JSON leaves as it is, and yet ends a line for many a reader (NEL, U+2028, U+2029), or begins a command for
 * a terminal (C1 controls): within a path it would write lines of its own into the log.
 */
const breaking = /[\x7f-\x9f\u2028\u2029]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** What lets this process in where it goes, and others in here. A password that is its user's name cannot be told from that. */
export function secretsOf(
  config: Pick<Config, 'DATABASE_URL' | 'REDIS_URL' | 'S3_SECRET_KEY' | 'TOKEN_SECRET'>,
): string[] {
  const urls = [config.DATABASE_URL, config.REDIS_URL].map((text) => new URL(text))
  const passwords = urls.flatMap(({ username, password }) => (password === username ? [] : [password]))
  const tokenSecret = config.TOKEN_SECRET === undefined ? [] : [config.TOKEN_SECRET]
  return [config.S3_SECRET_KEY, ...tokenSecret, ...passwords, ...passwords.map(decoded)]
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
