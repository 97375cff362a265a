import { describe, expect, test } from 'vitest'
import { httpInput } from '../../../src/media/argv/input-args.ts'

const SOURCE = { url: 'http://store:9000/videos/source/1?X-Amz-Signature=00', etag: 'abc-1' }

const tokenAfter = (args: readonly string[], option: string): string | undefined =>
  args[args.indexOf(option) + 1]

describe('the input', () => {
  test.each(['ffmpeg', 'ffprobe'] as const)(
    'of %s has every whitelist and limit before the address',
    (program) => {
      const args = httpInput(SOURCE, program)
      expect(args.slice(-2)).toEqual(['-i', SOURCE.url])
      for (const option of [
        '-format_whitelist',
        '-protocol_whitelist',
        '-codec_whitelist',
        '-max_pixels',
        '-max_streams',
      ]) {
        expect(args).toContain(option)
      }
      expect(tokenAfter(args, '-max_pixels')).toBe(String(8192 * 4320))
      expect(tokenAfter(args, '-max_streams')).toBe('32')
      expect(tokenAfter(args, '-protocol_whitelist')).toBe('http,tcp')
      expect(tokenAfter(args, '-headers')).toBe('If-Match: "abc-1"\r\n')
      expect(tokenAfter(args, '-codec_whitelist')?.includes('png')).toBe(program === 'ffprobe')
    },
  )

  test('verifies certificates and allows tls only for https', () => {
    const args = httpInput({ ...SOURCE, url: 'https://store/x', caFile: '/ca.pem' })
    expect(tokenAfter(args, '-protocol_whitelist')).toBe('https,tls,tcp')
    expect(tokenAfter(args, '-tls_verify')).toBe('1')
    expect(tokenAfter(args, '-ca_file')).toBe('/ca.pem')
  })

  test.each([
    'file:///etc/passwd',
    '/etc/passwd',
    'concat:a|b',
    'ftp://x/y',
    'http://x/a b',
    'http://x/\ny',
    '-y',
  ])('refuses the address %j', (url) => {
    expect(() => httpInput({ ...SOURCE, url })).toThrow(expect.objectContaining({ code: 'bad_source_url' }))
  })

  test.each(['a\r\nX: y', 'a"b', '', '""', 'a\0'])('refuses the ETag %j', (etag) => {
    expect(() => httpInput({ ...SOURCE, etag })).toThrow(expect.objectContaining({ code: 'bad_etag' }))
  })

  test('takes an ETag with its quotes', () => {
    expect(httpInput({ ...SOURCE, etag: '"abc-1"' })).toEqual(httpInput(SOURCE))
  })
})
