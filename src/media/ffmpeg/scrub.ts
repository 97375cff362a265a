/**
 * A line fit for logs and for the eyes of a caller: URLs lose scheme, host, credentials and query
 * string (ffmpeg prints our presigned URL whole), so that only the path is left.
 */
export function scrub(text: string): string {
  return (
    text
      .replaceAll(/\b(?:https?|tls|tcp):\/\/([^\s'"<>]*)/gi, (_, rest: string) => `<store>${pathOf(rest)}`)
      .replaceAll(/(hostname )\S+/g, '$1<host>')
      // A URL whose head was cut off still carries its signature.
      .replaceAll(/X-Amz-[\w-]+=[^\s&'"]*&?/gi, '<signed>')
  )
}

function pathOf(rest: string): string {
  const path = /^[^/?#]*(\/[^?#]*)?/.exec(rest)?.[1] ?? ''
  // What follows the address in ffmpeg's own sentence: "URL: Server returned 403".
  const tail = /:$/.exec(rest)?.[0] ?? ''
  return tail && !path.endsWith(tail) ? path + tail : path
}
