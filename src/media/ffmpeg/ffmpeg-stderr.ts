import { scrub } from './scrub.ts'

const TAIL_LINES = 40

/** 5.x, then the wording of 6 and later. */
const DECODE_ERROR = /Error while decoding stream|Error submitting packet to decoder/

/**
 * What a demuxer says at the end of a file that should go on: MP4, Matroska, and two to which a packet is
 * damaged only where the file ends inside it.
 */
const CUT_FILE = /partial file|File ended prematurely|^\[(flv|avi) @ \w+\] Packet corrupt/
/** The same over HTTP, whatever the container; there the connection may be at fault. */
const CUT_READ = /^\S+: Input\/output error$/

/** With one of these before it, MP4's "partial file" may be a seek that the store did not answer. */
const DISTURBED =
  /HTTP error|Connection |Failed to resolve|Server returned|Stream ends prematurely|Will reconnect/

/** What an ffmpeg process complains about, fed line by line at log level `repeat+warning`. */
export function createStderrWatch() {
  const tail: string[] = []
  let decodeErrors = 0
  let cutOff = false
  let disconnected = false
  let cutFile = false
  let disturbed = false
  return {
    line(text: string): void {
      // What SVT-AV1 says of itself, whatever the log level is.
      if (text.startsWith('Svt[info]')) return
      if (DECODE_ERROR.test(text)) decodeErrors += 1
      if (CUT_FILE.test(text)) cutFile = true
      if (CUT_READ.test(text)) cutOff = true
      if (DISTURBED.test(text)) disturbed = true
      // Each drop is announced; one that is mended is followed by the second line, to no one's harm.
      if (/Stream ends prematurely/.test(text)) disconnected = true
      if (/Will reconnect at/.test(text)) disconnected = false
      tail.push(scrub(text))
      if (tail.length > TAIL_LINES) tail.shift()
    },
    report: () => ({
      decodeErrors,
      endedEarly: cutFile || cutOff || disconnected,
      fileIsCut: cutFile && !disturbed,
      stderrTail: tail.join('\n'),
    }),
  }
}

/** The 4xx of a line such as `HTTP error 403 Forbidden`; null for other lines and for 429, which ffmpeg waits out. */
export function httpStatusOf(line: string): number | null {
  const status = Number(/HTTP error (4\d\d)/.exec(line)?.[1] ?? 0)
  return status === 0 || status === 429 ? null : status
}
