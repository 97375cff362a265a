export type ServerEvent = { event: string; data: string; id: string }

/**
 * The events of a `text/event-stream` body, as the HTML standard reads them (§9.2.6): fields line by
 * line, a blank line ends an event, a comment starts with a colon. An unfinished last event is dropped.
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let pending = ''
  let fields: { [name: string]: string } = {}
  for await (const bytes of body) {
    pending += decoder.decode(bytes, { stream: true })
    const lines = pending.split(/\r\n|\n|\r(?!$)/)
    pending = lines.pop() ?? ''
    for (const line of lines) {
      if (line !== '') {
        fields = withField(fields, line)
        continue
      }
      if (fields.data !== undefined) {
        yield { event: fields.event ?? 'message', data: fields.data, id: fields.id ?? '' }
      }
      fields = {}
    }
  }
}

function withField(fields: { [name: string]: string }, line: string): { [name: string]: string } {
  const colon = line.indexOf(':')
  if (colon === 0) return fields
  const name = colon < 0 ? line : line.slice(0, colon)
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
  if (name === 'data' && fields.data !== undefined) return { ...fields, data: `${fields.data}\n${value}` }
  return { ...fields, [name]: value }
}
