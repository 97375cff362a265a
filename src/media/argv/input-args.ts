import { StepladderError } from '../../errors.ts'
import { MAX_PIXELS, MAX_STREAMS } from '../limits.ts'
import { whitelistArgs } from '../whitelist.ts'

export type HttpSource = {
  /** Our own presigned URL of the source object, never an address from a caller. */
  url: string
  /** The object's ETag as pinned when the job was made, with or without its quotes. */
  etag: string
  /** Certificates to trust for https, where the system's are not enough. */
  caFile?: string
}

/**
 * Input options for reading a source over HTTP, ending in `-i URL`. Throws `bad_source_url` and
 * `bad_etag` for what could be read as anything but one URL and one header.
 */
export function httpInput(
  { url, etag, caFile }: HttpSource,
  program: 'ffmpeg' | 'ffprobe' = 'ffmpeg',
): string[] {
  const transport = transportOf(url)
  return [
    ...whitelistArgs(program, transport),
    // A 32k × 32k header or a thousand streams cost gigabytes before the first frame.
    ...['-max_pixels', String(MAX_PIXELS), '-max_streams', String(MAX_STREAMS)],
    // Without these a dropped connection is an end of file: exit 0 and a short output.
    ...['-reconnect', '1', '-reconnect_on_network_error', '1', '-reconnect_on_http_error', '429,5xx'],
    ...['-reconnect_delay_max', '5', '-rw_timeout', '20000000'],
    // Without it any certificate passes.
    ...(transport === 'https' ? ['-tls_verify', '1', ...(caFile ? ['-ca_file', caFile] : [])] : []),
    // ffmpeg repeats it on each reconnect and seek: an object replaced meanwhile answers 412.
    ...['-headers', `If-Match: "${bareEtag(etag)}"\r\n`],
    ...['-i', url],
  ]
}

function transportOf(url: string): 'http' | 'https' {
  const protocol = URL.canParse(url) && /^[\x21-\x7e]+$/.test(url) ? new URL(url).protocol : null
  if (protocol === 'http:') return 'http'
  if (protocol === 'https:') return 'https'
  throw new StepladderError('bad_source_url', 'the address of the source is not an http or https URL')
}

/** RFC 9110 §8.8.3: an opaque tag has no quote and no control character; so no header can be added. */
function bareEtag(etag: string): string {
  const bare = etag.replace(/^"(.*)"$/, '$1')
  if (/^[\x21\x23-\x7e]+$/.test(bare)) return bare
  throw new StepladderError('bad_etag', 'the ETag of the source is not usable in a header')
}
