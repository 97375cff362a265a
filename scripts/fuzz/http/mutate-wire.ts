import type { Random } from '../../../test/chaos/support/random.ts'
import { pick } from './mutation.ts'

/** A request's bytes as no client would send them: framing that lies, heads that are none. */
export function bendBytes(bytes: Buffer, random: Random): Buffer {
  return Buffer.from(pick(random, bends)(bytes.toString('latin1'), random), 'latin1')
}

const bends: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => withLength(text, String(random.between(1, 100_000))),
  (text, random) => withLength(text, pick(random, badLengths)),
  (text, random) => withHeader(text, `Content-Length: ${random.between(0, 50)}`),
  (text) => withHeader(text, 'Transfer-Encoding: chunked'),
  (text) => withHeader(text, 'Transfer-Encoding: chunked\r\nContent-Length: 5'),
  (text, random) =>
    withHeader(text, `Transfer-Encoding: ${pick(random, ['gzip', 'chunked, chunked', ' chunked', 'x'])}`),
  (text, random) => {
    const head = withoutLength(text).replace(/\r\n\r\n.*/s, '')
    return `${head}\r\nTransfer-Encoding: chunked\r\n\r\n${pick(random, badChunks)}`
  },
  (text, random) => withHeader(text, pick(random, badLines)),
  (text, random) => text.replace('HTTP/1.1', pick(random, badVersions)),
  (text) => text.replace(/^Host:.*\r\n/m, ''),
  (text) => text.replaceAll('\r\n', '\n'),
  (text) => text.replace('\r\n', '\r\n\r\n'),
  (text, random) => text.replace(' ', pick(random, ['', '  ', '\t', '\0'])),
  (text, random) => flipped(text, random),
  (text, random) => text.slice(0, random.between(1, text.length)),
  (text, random) => flipped(text, random) + text,
  (_text, random) =>
    pick(random, ['\r\n\r\n', '\0\0\0\0', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'GET /\r\n\r\n']),
  () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
]

const badLengths = ['-1', '+5', '0x5', '1e3', '5, 5', '5 5', '99999999999999999999', '', '05', '5\x0b']
const badLines = [
  'X: a\r\n b',
  'X : a',
  ': a',
  'X: a\0b',
  'X\0: a',
  'X',
  'X: a\rY: b',
  'X: a\nY: b',
  '\xff: a',
  'X: \x7f',
]
const badVersions = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', 'HTTP/1.', '']
const badChunks = [
  'ffffffffffffffff\r\n{}\r\n',
  '-1\r\n{}\r\n0\r\n\r\n',
  '2\r\n{}x\r\n0\r\n\r\n',
  '2\n{}\n0\n\n',
  '2\r\n{}\r\n',
  '2;a="\r\n{}\r\n0\r\n\r\n',
  `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
  '2\r\n{}\r\n0\r\nContent-Length: 9\r\nX\0: y\r\n\r\n',
  `${'1\r\n \r\n'.repeat(3_000)}0\r\n\r\n`,
]

function withLength(text: string, length: string): string {
  return withHeader(withoutLength(text), `Content-Length: ${length}`)
}

function withoutLength(text: string): string {
  return text.replace(/^Content-Length: .*\r\n/im, '')
}

function withHeader(text: string, line: string): string {
  return text.replace('\r\n', () => `\r\n${line}\r\n`)
}

function flipped(text: string, random: Random): string {
  const bytes = Buffer.from(text, 'latin1')
  for (let left = random.between(1, 4); left > 0; left -= 1) {
    bytes[random.between(0, bytes.length)] = random.between(0, 256)
  }
  return bytes.toString('latin1')
}
