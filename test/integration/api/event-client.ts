type ServerEvent = { event: string; id: string | null; data: Record<string, unknown> }

export type EventClient = AsyncDisposable & {
  response: Response
  /** The next event; rejects when the stream ends first or nothing comes within 10 s. */
  next(): Promise<ServerEvent>
  /** All events up to the end of the stream. */
  rest(): Promise<ServerEvent[]>
}

/** Reads server-sent events as a browser does, comments and `retry` left out. */
export async function openEvents(
  url: string,
  headers: { [name: string]: string } = {},
): Promise<EventClient> {
  const abort = new AbortController()
  const response = await fetch(url, { headers, signal: abort.signal })
  const events = parse(response)

  async function next(): Promise<ServerEvent> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error('no event within 10 s')), 10_000)
    const result = await Promise.race([events.next(), late]).finally(() => clearTimeout(timer))
    if (result.done) throw new Error('the stream ended')
    return result.value
  }

  async function rest(): Promise<ServerEvent[]> {
    return Array.fromAsync(events)
  }

  const close = async () => abort.abort()
  return { response, next, rest, [Symbol.asyncDispose]: close }
}

async function* parse(response: Response): AsyncGenerator<ServerEvent, void> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? null
      const data = field('data')
      if (data !== null) yield { event: field('event') ?? 'message', id: field('id'), data: JSON.parse(data) }
    }
  }
}
