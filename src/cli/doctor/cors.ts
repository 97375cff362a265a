import { type Check, failed, ok } from '../../health/check.ts'

type Asked = { bucketUrl: string; origin: string; signal: AbortSignal }

/**
 * Whether the store lets a page of this origin put parts of an upload and read what it then needs: the Fetch
 * standard's preflight (§4.8), and `ETag` exposed.
 */
export async function checkCors({ bucketUrl, origin, signal }: Asked): Promise<Check> {
  const url = `${bucketUrl}/source/cors`
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'content-type',
    },
    signal,
  })
  const answer = await fetch(url, { headers: { origin }, signal })
  await answer.arrayBuffer()
  return judgeCors(origin, preflight, answer)
}

/** `preflight` answers OPTIONS for a PUT; `answer` is any other one to a request of that origin. */
export function judgeCors(
  origin: string,
  preflight: Pick<Response, 'ok' | 'headers'>,
  answer: Pick<Response, 'headers'>,
): Check {
  const fix =
    'run `npm run migrate`, or set CORS of the bucket by hand: allow this origin GET, PUT, POST, DELETE, expose ETag'
  const isAllowed = (response: Pick<Response, 'headers'>) =>
    ['*', origin].includes(response.headers.get('access-control-allow-origin') ?? '')
  if (!isAllowed(answer))
    return failed(`The store lets no page of ${origin} read, so nothing plays there`, fix)
  if (!preflight.ok || !isAllowed(preflight) || !lists(preflight, 'access-control-allow-methods', 'put')) {
    return failed(`The store lets no page of ${origin} upload`, fix)
  }
  if (!lists(answer, 'access-control-expose-headers', 'etag')) {
    return failed(`The store hides ETag from pages of ${origin}, so uploads in parts fail there`, fix)
  }
  return ok(`Pages of ${origin} may read from the store and upload to it`)
}

function lists({ headers }: Pick<Response, 'headers'>, name: string, wanted: string): boolean {
  const values = (headers.get(name) ?? '').split(',').map((value) => value.trim().toLowerCase())
  return values.includes('*') || values.includes(wanted)
}
