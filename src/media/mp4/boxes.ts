/**
 * ISO base media file format: boxes (ISO/IEC 14496-12 §4.2). A box is a 32-bit size, a four-character
 * type and, where the 32-bit size is 1, a 64-bit size; the size counts the header. Size 0 ("to the end
 * of the file") is refused: nothing we make has it, and in a stream it has no end.
 */
import { StepladderError } from '../../errors.ts'

/** Offsets in the buffer that was walked: header at `start`, content from `body` up to `end`. */
export type Box = { type: string; start: number; body: number; end: number }

/** Far above the largest GOP of the top rung (2160p: about 10 MB), far below what hurts. */
const MAX_BOX_BYTES = 64 * 1024 * 1024

/** The boxes that lie side by side in [start, end). Throws `bad_box` unless they fill it exactly. */
export function* boxesIn(buffer: Buffer, start = 0, end = buffer.length): Generator<Box> {
  let at = start
  while (at < end) {
    if (end - at < 8) throw badBox(`${end - at} stray bytes at ${at}`)
    const headerBytes = headerLength(buffer, at)
    if (end - at < headerBytes) throw badBox(`a header at ${at} is cut off`)
    const { type, size } = readHeader(buffer, at)
    if (size > end - at) throw badBox(`${type} at ${at} has ${size} bytes where ${end - at} are left`)
    yield { type, start: at, body: at + headerBytes, end: at + size }
    at += size
  }
}

/** The first box at a path such as `['moov', 'trak', 'mdia']`, looked for in `within` or the whole buffer. */
export function findBox(
  buffer: Buffer,
  path: readonly string[],
  within: Pick<Box, 'body' | 'end'> = { body: 0, end: buffer.length },
): Box | null {
  let parent = within
  let found: Box | null = null
  for (const type of path) {
    found = boxesIn(buffer, parent.body, parent.end).find((box) => box.type === type) ?? null
    if (found === null) return null
    parent = found
  }
  return found
}

/** As `findBox`; throws `bad_box` where there is none. */
export function requireBox(buffer: Buffer, path: readonly string[], within?: Pick<Box, 'body' | 'end'>): Box {
  const box = findBox(buffer, path, within)
  if (box === null) throw badBox(`no ${path.join('/')}`)
  return box
}

/**
 * Cuts a byte stream into its top-level boxes. Each byte is copied once whatever the pieces it comes
 * in, and what `onBox` gets (header included) is its own to change. Throws `bad_box` for a size that
 * cannot be or is above `maxBoxBytes`; `end()` throws `truncated_output` inside a box.
 */
export function createBoxSplitter({
  onBox,
  maxBoxBytes = MAX_BOX_BYTES,
}: {
  onBox: (type: string, bytes: Buffer) => void
  maxBoxBytes?: number
}) {
  const header = Buffer.alloc(16)
  let headerFilled = 0
  let open: { type: string; bytes: Buffer; filled: number } | null = null

  function takeHeader(chunk: Buffer, at: number): number {
    const wanted = headerFilled < 8 ? 8 : headerLength(header, 0)
    const taken = chunk.copy(header, headerFilled, at, at + wanted - headerFilled)
    headerFilled += taken
    if (headerFilled < 8 || headerFilled < headerLength(header, 0)) return taken
    const { type, size } = readHeader(header, 0)
    if (size > maxBoxBytes) throw badBox(`${type} has ${size} bytes, more than the ${maxBoxBytes} allowed`)
    const bytes = Buffer.allocUnsafe(size)
    open = { type, bytes, filled: header.copy(bytes, 0, 0, headerFilled) }
    headerFilled = 0
    return taken
  }

  function takeBody(chunk: Buffer, at: number): number {
    if (open === null) return 0
    const taken = chunk.copy(open.bytes, open.filled, at)
    open.filled += taken
    return taken
  }

  return {
    push(chunk: Buffer): void {
      let at = 0
      while (at < chunk.length) {
        at += open === null ? takeHeader(chunk, at) : takeBody(chunk, at)
        if (open === null || open.filled < open.bytes.length) continue
        const { type, bytes } = open
        open = null
        onBox(type, bytes)
      }
    },
    end(): void {
      const missing = open === null ? headerFilled > 0 : true
      if (missing) throw new StepladderError('truncated_output', 'the output ends inside a box')
    },
  }
}

/** 8 or 16; the first four bytes at `at` must be there. */
function headerLength(buffer: Buffer, at: number): number {
  return buffer.readUInt32BE(at) === 1 ? 16 : 8
}

/** The whole header at `at` must be there. */
function readHeader(buffer: Buffer, at: number): { type: string; size: number } {
  const headerBytes = headerLength(buffer, at)
  const size = headerBytes === 16 ? Number(buffer.readBigUInt64BE(at + 8)) : buffer.readUInt32BE(at)
  const type = buffer.toString('latin1', at + 4, at + 8)
  // Beyond 2^53 Number() rounds, which is harmless: every caller refuses sizes that large.
  if (size < headerBytes) throw badBox(`${JSON.stringify(type)} says it has ${size} bytes`)
  return { type, size }
}

function badBox(what: string): StepladderError {
  return new StepladderError('bad_box', `malformed MP4: ${what}`)
}
