import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Storage } from './storage.ts'
import { s3Code } from './storage-request.ts'

/** By this name we know our rule again: what somebody else set is not ours to change. */
const ruleId = 'stepladder'
const maxAgeS = 3_600
const unknownOperation = new Set(['NotImplemented', 'MethodNotAllowed'])

/** What became of the wish, as a line of a log. */
export const corsOutcomes = {
  set: 'the bucket answers pages of other origins',
  foreign:
    'the bucket has CORS rules that are not ours: they stay, and must allow PUT and POST and expose ETag',
  unsupported:
    'the store has no CORS rules of buckets: it must answer pages of other origins by its own settings',
  refused: 'the store does not let us set CORS rules: set them by hand if pages of other origins use it',
} as const
export type CorsOutcome = keyof typeof corsOutcomes

/**
 * Lets pages of `origins` (`*` for all) read, upload and see ETags, which an upload in parts is completed
 * with. A page of ours is such a page too, for the store has an origin of its own. Never fails where the
 * store answers: people without a browser need none of it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
 */
export async function allowOrigins(
  { client, bucket }: Pick<Storage, 'client' | 'bucket'>,
  origins: readonly string[],
): Promise<CorsOutcome> {
  const request = { bucketName: bucket, query: 'cors' }
  try {
    if (hasForeignRule(await readRules())) return 'foreign'
    const body = corsConfiguration(origins)
    // S3 wants the sum of what it could not take back.
    const headers = { 'Content-MD5': createHash('md5').update(body).digest('base64') }
    await client.makeRequestAsyncOmit({ ...request, method: 'PUT', headers }, body)
    return 'set'
  } catch (error) {
    const answer = s3Code(error)
    if (answer === '') throw error
    return unknownOperation.has(answer) ? 'unsupported' : 'refused'
  }

  async function readRules(): Promise<string> {
    try {
      return await text(await client.makeRequestAsync({ ...request, method: 'GET' }))
    } catch (error) {
      if (s3Code(error) === 'NoSuchCORSConfiguration') return ''
      throw error
    }
  }
}

function hasForeignRule(configuration: string): boolean {
  const rules = configuration.match(/<CORSRule>.*?<\/CORSRule>/gs) ?? []
  return rules.some((rule) => !rule.includes(`<ID>${ruleId}</ID>`))
}

/** `origins` hold no character that XML would mind (`CORS_ORIGINS`). */
function corsConfiguration(origins: readonly string[]): string {
  const many = (name: string, values: readonly string[]) =>
    values.map((value) => `<${name}>${value}</${name}>`).join('')
  const rule = [
    `<ID>${ruleId}</ID>`,
    many('AllowedOrigin', origins),
    many('AllowedMethod', ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']),
    many('AllowedHeader', ['*']),
    many('ExposeHeader', ['ETag']),
    `<MaxAgeSeconds>${maxAgeS}</MaxAgeSeconds>`,
  ]
  return `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>${rule.join('')}</CORSRule></CORSConfiguration>`
}
