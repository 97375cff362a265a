import { scrub } from './scrub.ts'

const TAIL_LINES = 40

/** 5.x, then the wording of 6 and later. */
const DECODE_ERROR = /Error while decoding stream|Error submitting packet to decoder/

/** What an ffmpeg process complains about, fed line by line at log level `repeat+warning`. */
export function createStderrWatch() {
  const tail: string[] = []
  let decodeErrors = 0
  let endedEarly = false
  return {
    line(text: string): void {
      if (DECODE_ERROR.test(text)) decodeErrors += 1
      if (/Stream ends prematurely|partial file/.test(text)) endedEarly = true
      tail.push(scrub(text))
      if (tail.length > TAIL_LINES) tail.shift()
    },
    report: () => ({ decodeErrors, endedEarly, stderrTail: tail.join('\n') }),
  }
}

/** The 4xx of a line such as `HTTP error 403 Forbidden`; null for other lines and for 429, which ffmpeg waits out. */
export function httpStatusOf(line: string): number | null {
  const status = Number(/HTTP error (4\d\d)/.exec(line)?.[1] ?? 0)
  return status === 0 || status === 429 ? null : status
}
