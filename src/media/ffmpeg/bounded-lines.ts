import { StringDecoder } from 'node:string_decoder'

/**
 * Cuts chunks of bytes into lines (at LF or CR) and hands each to `onLine` without its end. Of a
 * line longer than `maxLength` characters the rest is dropped, so that no input can fill memory.
 */
export function createLineReader(maxLength: number, onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8')
  let pending = ''
  const finishLine = () => {
    if (pending) onLine(pending)
    pending = ''
  }
  const take = (part: string) => {
    pending += part.slice(0, Math.max(0, maxLength - pending.length))
  }
  const pushText = (text: string) => {
    const parts = text.split(/[\r\n]/)
    const last = parts.pop() ?? ''
    for (const part of parts) {
      take(part)
      finishLine()
    }
    take(last)
  }
  return {
    push: (chunk: Uint8Array): void => pushText(decoder.write(chunk)),
    end(): void {
      pushText(decoder.end())
      finishLine()
    },
  }
}
