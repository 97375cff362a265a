import { describe, expect, test, vi } from 'vitest'
import { createLineReader } from '../../../src/media/ffmpeg/bounded-lines.ts'
import type { FfmpegResult } from '../../../src/media/ffmpeg/ffmpeg.ts'
import { judgeExit } from '../../../src/media/ffmpeg/ffmpeg-failure.ts'
import { createProgressReader } from '../../../src/media/ffmpeg/ffmpeg-progress.ts'
import { createStderrWatch, httpStatusOf } from '../../../src/media/ffmpeg/ffmpeg-stderr.ts'
import { scrub } from '../../../src/media/ffmpeg/scrub.ts'
import { judgeProbe } from '../../../src/media/probe/probe-failure.ts'

describe('lines', () => {
  const read = (maxLength: number, ...chunks: string[]) => {
    const lines: string[] = []
    const reader = createLineReader(maxLength, (line) => lines.push(line))
    for (const chunk of chunks) reader.push(Buffer.from(chunk, 'latin1'))
    reader.end()
    return lines
  }

  test('are joined over chunks and cut at either end of line', () => {
    expect(read(99, 'a', 'b\r\nc\rd', 'e\n', 'f')).toEqual(['ab', 'c', 'de', 'f'])
  })

  test('keep a character that two chunks share', () => {
    expect(read(99, '\xc3', '\xa9\n')).toEqual(['é'])
  })

  test('are bounded however long they come', () => {
    expect(read(5, '123', '456', '789\nab')).toEqual(['12345', 'ab'])
  })
})

describe('progress', () => {
  const read = (...lines: string[]) => {
    const onGrowth = vi.fn()
    const onLife = vi.fn()
    const reader = createProgressReader({ onGrowth, onLife })
    for (const line of lines) reader.line(line)
    return { growths: onGrowth.mock.calls.flat(), lives: onLife.mock.calls.length, frames: reader.frames() }
  }

  test('is reported when frames or time have grown', () => {
    const { growths, frames } = read(
      'frame=  10',
      'out_time_us=0',
      'progress=continue',
      'frame=10',
      'out_time_us=5',
      'progress=end',
    )
    expect(growths).toEqual([
      { frames: 10, outTimeUs: 0 },
      { frames: 10, outTimeUs: 5 },
    ])
    expect(frames).toBe(10)
  })

  test('is none where the numbers stand still or say nothing', () => {
    const still = ['frame=10', 'out_time_us=N/A', 'progress=continue']
    expect(read(...still, ...still, ...still).growths).toHaveLength(1)
    expect(read('frame=0', 'out_time_us=-500', 'progress=continue').growths).toEqual([])
  })

  test('sees life in packets whose time moves on, from a negative one too', () => {
    expect(
      read(
        '#tb 0: 1/15360',
        '0,  -512,  0,  512, 2000, 0x1',
        '0,  0,  512, 512, 9, 0x2',
        '0, 0, 512, 512, 9, 0x2',
      ).lives,
    ).toBe(2)
  })
})

describe('stderr', () => {
  test('is counted, remembered for forty lines and scrubbed', () => {
    const watch = createStderrWatch()
    for (let index = 0; index < 50; index += 1) watch.line(`line ${index}`)
    watch.line('Error while decoding stream #0:0: Invalid data found when processing input')
    watch.line('[http @ 0x1] Stream ends prematurely at 5, should be 9')
    watch.line(
      'https://key:secret@store.internal:9000/videos/source/1?X-Amz-Signature=abc: Server returned 403',
    )
    const { decodeErrors, endedEarly, stderrTail } = watch.report()
    expect({ decodeErrors, endedEarly }).toEqual({ decodeErrors: 1, endedEarly: true })
    expect(stderrTail.split('\n')).toHaveLength(40)
    expect(stderrTail).toContain('<store>/videos/source/1: Server returned 403')
    expect(stderrTail).not.toMatch(/secret|abc|internal|line 12$/)
  })

  test.each([
    [true, ['Stream ends prematurely at 5, should be 9']],
    [
      false,
      [
        'Stream ends prematurely at 5, should be 9',
        'Will reconnect at 5 in 0 second(s), error=Input/output error.',
      ],
    ],
    [
      true,
      [
        'Stream ends prematurely at 5',
        'Will reconnect at 5 in 3 second(s).',
        'http://h/x: Input/output error',
      ],
    ],
    [true, ['[mov @ 0x1] stream 0, offset 0x16: partial file']],
    [true, ['[matroska,webm @ 0x1] File ended prematurely']],
    [true, ['[flv @ 0x1] Packet corrupt (stream = 1, dts = 3500).']],
    [false, ['[mpegts @ 0x1] Packet corrupt (stream = 1, dts = 3500).']],
    [false, ['all is well']],
  ])('says %j to whether the source ended early: %j', (expected, lines) => {
    const watch = createStderrWatch()
    for (const line of lines) watch.line(line)
    expect(watch.report().endedEarly).toBe(expected)
  })

  test.each([
    [true, []],
    [false, ['Stream ends prematurely at 5, should be 9']],
    [false, ['HTTP error 503 Service Unavailable']],
    [false, ['Will reconnect at 5 in 3 second(s).']],
  ])(
    'says %j to whether the file itself is cut, also long before its last words, after %j',
    (expected, lines) => {
      const watch = createStderrWatch()
      for (const line of [...lines, '[mov @ 0x1] stream 0, offset 0x16: partial file']) watch.line(line)
      for (let index = 0; index < 50; index += 1) watch.line('[h264 @ 0x1] Invalid NAL unit size')
      expect(watch.report()).toMatchObject({ endedEarly: true, fileIsCut: expected })
    },
  )

  test.each([
    ['[http @ 0x1] HTTP error 403 Forbidden', 403],
    ['[http @ 0x1] HTTP error 412 Precondition Failed', 412],
    ['[http @ 0x1] HTTP error 429 Too Many Requests', null],
    ['[http @ 0x1] HTTP error 503 Service Unavailable', null],
    ['frame 403', null],
  ])('%j carries the refusal %j', (line, status) => {
    expect(httpStatusOf(line)).toBe(status)
  })

  test.each([
    [
      'Connection to tcp://10.0.0.7:9000 failed: Connection refused',
      'Connection to <store> failed: Connection refused',
    ],
    ['http://h/p?q=1: Invalid data', '<store>/p: Invalid data'],
    ['Failed to resolve hostname minio.internal: nope', 'Failed to resolve hostname <host> nope'],
    ['…X-Amz-Credential=AKIA%2F1&X-Amz-Signature=00', '…<signed><signed>'],
    ['nothing to hide', 'nothing to hide'],
  ])('%j is shown as %j', (line, shown) => {
    expect(scrub(line)).toBe(shown)
  })
})

const RESULT: FfmpegResult = {
  exitCode: 1,
  signal: null,
  frames: 0,
  decodeErrors: 0,
  endedEarly: false,
  fileIsCut: false,
  stderrTail: '',
}

const nothingDecoded =
  'Cannot determine format of input stream 0:0 after EOF\nError marking filters as finished'

const killedBy = (signal: NodeJS.Signals, stderrTail = '') => ({ exitCode: null, signal, stderrTail })

describe('the verdict on an exit of ffmpeg', () => {
  test.each<[Partial<FfmpegResult>, string | null, string | null]>([
    [{ exitCode: 0, endedEarly: true, stderrTail: 'Invalid data found' }, null, null],
    [
      { stderrTail: '<store>/x: Invalid data found when processing input' },
      'PermanentError',
      'corrupt_input',
    ],
    [{ exitCode: 69 }, 'PermanentError', 'corrupt_input'],
    [
      { stderrTail: '<store>/x: Invalid data found when processing input', endedEarly: true },
      'TransientError',
      'source_unreachable',
    ],
    [
      { stderrTail: 'Error while decoding stream #0:0: Invalid data found when processing input' },
      'TransientError',
      'ffmpeg_failed',
    ],
    [
      { stderrTail: 'av_interleaved_write_frame(): No space left on device' },
      'TransientError',
      'out_of_disk',
    ],
    [{ stderrTail: 'Cannot allocate memory' }, 'TransientError', 'out_of_memory'],
    [{ stderrTail: 'av_interleaved_write_frame(): File too large' }, 'TransientError', 'ffmpeg_over_limit'],
    [killedBy('SIGSEGV', 'moov atom not found'), 'TransientError', 'ffmpeg_crashed'],
    [killedBy('SIGABRT'), 'TransientError', 'ffmpeg_crashed'],
    [killedBy('SIGILL'), 'TransientError', 'ffmpeg_crashed'],
    [killedBy('SIGKILL', 'moov atom not found'), 'TransientError', 'ffmpeg_killed'],
    [killedBy('SIGPIPE'), 'TransientError', 'ffmpeg_killed'],
    [killedBy('SIGXCPU'), 'TransientError', 'ffmpeg_over_limit'],
    [killedBy('SIGXFSZ'), 'TransientError', 'ffmpeg_over_limit'],
    // Asked to stop, it ends its file properly, too short.
    [{ exitCode: 255, stderrTail: 'moov atom not found' }, 'TransientError', 'ffmpeg_killed'],
    // ffmpeg 7: the low byte of AVERROR_INVALIDDATA, no signal.
    [{ exitCode: 183, stderrTail: '<store>/x: Invalid data found' }, 'PermanentError', 'corrupt_input'],
    [{ exitCode: 126 }, 'TransientError', 'ffmpeg_missing'],
    [{ exitCode: 127, stderrTail: 'setpriv: failed to execute' }, 'TransientError', 'ffmpeg_missing'],
    [{ exitCode: null }, 'TransientError', 'ffmpeg_missing'],
    [{ stderrTail: 'what is this' }, 'TransientError', 'ffmpeg_failed'],
    // Of these the empty output tells.
    [{ stderrTail: nothingDecoded }, null, null],
    [{ stderrTail: nothingDecoded, endedEarly: true, fileIsCut: true }, null, null],
    [
      { stderrTail: `<store>/x: Input/output error\n${nothingDecoded}`, endedEarly: true, fileIsCut: true },
      null,
      null,
    ],
    [{ stderrTail: nothingDecoded, endedEarly: true }, 'TransientError', 'source_unreachable'],
    [{ stderrTail: `Input/output error\n${nothingDecoded}` }, 'TransientError', 'source_unreachable'],
    [{ stderrTail: `HTTP error 503\n${nothingDecoded}` }, 'TransientError', 'source_unreachable'],
    [{ stderrTail: `Cannot allocate memory\n${nothingDecoded}` }, 'TransientError', 'out_of_memory'],
    [killedBy('SIGKILL', nothingDecoded), 'TransientError', 'ffmpeg_killed'],
  ])('%j', (fields, name, code) => {
    const verdict = judgeExit({ ...RESULT, ...fields })
    expect([verdict?.name ?? null, verdict?.code ?? null]).toEqual([name, code])
  })
})

describe('the verdict on an exit of ffprobe', () => {
  test.each<[number, string, string | null, string | null]>([
    [0, '', null, null],
    [0, 'HTTP error 412 Precondition Failed', 'PermanentError', 'source_changed'],
    [1, 'HTTP error 403 Forbidden\nServer returned 403 Forbidden', 'TransientError', 'source_unreachable'],
    [1, 'Stream ends prematurely\nInvalid data found', 'TransientError', 'source_unreachable'],
    [1, '[hls @ 0x1] Format not on whitelist', 'PermanentError', 'unsupported_container'],
    [
      1,
      'Format mov detected only with low score of 1\nmoov atom not found',
      'PermanentError',
      'unsupported_container',
    ],
    [1, 'moov atom not found\nx: Invalid data found', 'PermanentError', 'truncated_input'],
    [1, "Codec (magicyuv) not on whitelist 'h264'", 'PermanentError', 'unsupported_codec'],
    [1, 'Number of streams exceeds max_streams parameter (32)', 'PermanentError', 'too_many_streams'],
    [1, 'x: Invalid data found', 'PermanentError', 'unsupported_container'],
    [1, 'x: Not yet implemented in FFmpeg, patches welcome', 'PermanentError', 'unsupported_container'],
    [1, 'x: Operation not permitted', 'PermanentError', 'unsupported_container'],
    [
      1,
      '[tcp @ 0x1] Connection to tcp://h:9 failed: Operation not permitted\nx: Operation not permitted',
      'TransientError',
      'source_unreachable',
    ],
    [1, 'http://h/x: End of file', 'PermanentError', 'truncated_input'],
    [1, '[http @ 0x1] Will reconnect at 0\nhttp://h/x: End of file', 'TransientError', 'source_unreachable'],
    [
      1,
      '[matroska,webm @ 0x1] File ended prematurely\nhttp://h/x: Input/output error',
      'PermanentError',
      'truncated_input',
    ],
    [1, 'http://h/x: Input/output error', 'TransientError', 'source_unreachable'],
    [
      1,
      '[http @ 0x1] Stream ends prematurely at 5\n[matroska @ 0x1] File ended prematurely',
      'TransientError',
      'source_unreachable',
    ],
    [
      1,
      '[theora @ 0x1] Corrupt extradata\n    Last message repeated 1 times\nCould not open codec for input stream 0',
      'PermanentError',
      'corrupt_input',
    ],
    // Without a word of the decoder: no memory, no threads.
    [
      1,
      '[ogg @ 0x1] CRC mismatch!\nCould not open codec for input stream 0',
      'TransientError',
      'probe_failed',
    ],
    [1, 'Could not open codec for input stream 0', 'TransientError', 'probe_failed'],
    [1, 'something new', 'TransientError', 'probe_failed'],
  ])('%i %j', (exitCode, stderr, name, code) => {
    const verdict = judgeProbe({ exitCode, signal: null, stderr })
    expect([verdict?.name ?? null, verdict?.code ?? null]).toEqual([name, code])
  })
})
