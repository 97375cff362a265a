import { expect, test } from 'vitest'
import { moveCues, readCues, renderWebVtt } from '../../../src/media/manifests/webvtt.ts'
import { codeThrownBy } from '../../support/thrown.ts'

const read = (text: string) => readCues(`WEBVTT\n\n00:01.000 --> 00:02.000\n${text}\n`)
const textOf = (text: string) => read(text)[0]?.text

test('cues are read to the millisecond, with hours or without', () => {
  const text = 'WEBVTT\n\n00:01.005 --> 00:02.999\none\ntwo\n\n100:59:59.999 --> 101:00:00.000\nthree\n'
  expect(readCues(text)).toEqual([
    { startMs: 1005, endMs: 2999, text: 'one\ntwo' },
    { startMs: 363_599_999, endMs: 363_600_000, text: 'three' },
  ])
})

test('what was read is written with the same times, and read again as the same', () => {
  const cues = readCues(
    'WEBVTT\n\n00:59.500 --> 01:00.000\n<b>a</b> &amp; b\n\n10:00:00.001 --> 10:00:01.000\nc\n',
  )
  const text = renderWebVtt(cues)
  expect(text).toBe(
    'WEBVTT\n\n00:00:59.500 --> 00:01:00.000\n<b>a</b> &amp; b\n\n10:00:00.001 --> 10:00:01.000\nc\n',
  )
  expect(readCues(text)).toEqual(cues)
})

test.each([
  ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  ['<b onclick=x>a</b>', '&lt;b onclick=x&gt;a</b>'],
  ['<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
  ['<i>slanted</i> <u>under</u> <B>loud</B>', '<i>slanted</i> <u>under</u> &lt;B&gt;loud&lt;/B&gt;'],
  ['Tom & Jerry &amp; Co &bogus; &#39;x&#x27;', 'Tom &amp; Jerry &amp; Co &amp;bogus; &#39;x&#x27;'],
  ['1 < 2 > 0', '1 &lt; 2 &gt; 0'],
  ['a --> b', 'a --&gt; b'],
  ['00:01.000 --> 00:02.000 position:10%', '00:01.000 --&gt; 00:02.000 position:10%'],
  ['nul \0 bell \u0007 tab\tend', 'nul bell tab end'],
  ['half a pair \ud83d', 'half a pair \ufffd'],
  ['שלום 🎬 \u202eback\u202c', 'שלום 🎬 \u202eback\u202c'],
  ['first\n\n\nsecond', 'first\nsecond'],
  ['one\rtwo\r\nthree', 'one\ntwo\nthree'],
  ['NOTE this is no comment', 'NOTE this is no comment'],
])('the text %j becomes %j', (text, clean) => {
  expect(read(text)).toHaveLength(1)
  expect(textOf(text)).toBe(clean)
})

test('a text that pretends to be another cue is one, and no more than that', () => {
  expect(read('one\n\n00:05.000 --> 00:06.000\nSTYLE\n::cue { color: red }')).toEqual([
    { startMs: 1000, endMs: 2000, text: 'one' },
    { startMs: 5000, endMs: 6000, text: 'STYLE\n::cue { color: red }' },
  ])
})

test('a cue as long as a book is cut, and too many of them are refused', () => {
  expect(textOf('x'.repeat(1_000_000))).toHaveLength(2_000)
  const cue = '00:01.000 --> 00:02.000\nx\n\n'
  expect(readCues(`WEBVTT\n\n${cue.repeat(50_000)}`)).toHaveLength(50_000)
  expect(codeThrownBy(() => void readCues(`WEBVTT\n\n${cue.repeat(50_001)}`))).toBe('subtitles_too_large')
})

test('what is no WebVTT at all has no cues', () => {
  for (const text of ['', 'WEBVTT', '<html>', '\0\0\0', '00:00:01,000 --> 00:00:02,000\nSubRip']) {
    expect(readCues(text)).toEqual([])
  }
})

const cue = (startMs: number, endMs: number, text = 'x') => ({ startMs, endMs, text })

test('cues are moved in order of time; what ends by zero goes, what crosses it begins there', () => {
  const cues = [cue(5000, 6000, 'late'), cue(0, 1000), cue(500, 1500, 'over'), cue(2000, 3000, 'in')]
  expect(moveCues(cues, -1000)).toEqual([cue(0, 500, 'over'), cue(1000, 2000, 'in'), cue(4000, 5000, 'late')])
})

test('a cue of no length, of no text or beyond any film is left out', () => {
  const cues = [cue(1000, 1000), cue(2000, 1000), cue(1000, 2000, ''), cue(13 * 3_600_000, 14 * 3_600_000)]
  expect(moveCues(cues, 0)).toEqual([])
})
