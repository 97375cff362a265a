import { describe, expect, test } from 'vitest'
import {
  type AudioRendition,
  renderIFramePlaylist,
  renderMasterPlaylist,
  renderMediaPlaylist,
  type SubtitleRendition,
  type Variant,
} from '../../../src/media/manifests/playlists.ts'
import { codeThrownBy } from '../../support/thrown.ts'

const MEDIA = {
  targetDuration: 5,
  initUri: 'init.mp4',
  segments: [
    { uri: 'https://store.example/a.m4s?X-Amz-Date=1&X-Amz-Signature=f%2Fb', duration_s: 2.002 },
    { uri: '1080p/b.m4s', duration_s: 4.004 },
  ],
  type: 'vod',
  ended: true,
} as const

const VARIANT: Variant = {
  uri: '1080p.m3u8',
  bandwidth: 5_000_000.2,
  averageBandwidth: 3_000_000,
  codecs: ['avc1.640028', 'mp4a.40.2'],
  width: 1920,
  height: 1080,
  frameRate: [30000, 1001],
}

const ENGLISH: AudioRendition = {
  uri: 'en.m3u8',
  name: 'English',
  language: 'en',
  default: true,
  channels: 2,
}

const mediaTags = (audio: AudioRendition[]) =>
  renderMasterPlaylist({ variants: [VARIANT], audio })
    .split('\n')
    .filter((line) => line.startsWith('#EXT-X-MEDIA:'))

/** The attribute list of a tag by RFC 8216 §4.2: throws unless it is one. */
function attributesOf(line: string): Map<string, string> {
  const attributes = new Map<string, string>()
  let rest = line.slice(line.indexOf(':') + 1)
  while (rest !== '') {
    const [whole, name, value] = /^([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)/.exec(rest) ?? []
    if (whole === undefined || name === undefined || value === undefined)
      throw new Error(`not attributes: ${rest}`)
    if (attributes.has(name)) throw new Error(`${name} twice`)
    attributes.set(name, value)
    rest = rest.slice(whole.length)
  }
  return attributes
}

test('a finished media playlist', () => {
  expect(renderMediaPlaylist(MEDIA)).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:5
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.002000,
https://store.example/a.m4s?X-Amz-Date=1&X-Amz-Signature=f%2Fb
#EXTINF:4.004000,
1080p/b.m4s
#EXT-X-ENDLIST
`)
})

test('a growing media playlist has no end, and starts where it is told to', () => {
  const text = renderMediaPlaylist({ ...MEDIA, type: 'event', ended: false, startTag: true })
  expect(text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT\n')
  expect(text).toContain('#EXT-X-START:TIME-OFFSET=0\n')
  expect(text).not.toContain('ENDLIST')
  expect(renderMediaPlaylist(MEDIA)).not.toContain('EXT-X-START')
})

test('what was said of an event playlist stays when it grows', () => {
  const shorter = renderMediaPlaylist({
    ...MEDIA,
    segments: MEDIA.segments.slice(0, 1),
    type: 'event',
    ended: false,
  })
  expect(renderMediaPlaylist({ ...MEDIA, type: 'event', ended: true }).startsWith(shorter)).toBe(true)
})

test('a master playlist with audio to choose from', () => {
  const german = { uri: 'de.m3u8', name: 'Deutsch', language: 'de', default: false, channels: 1 }
  expect(renderMasterPlaylist({ variants: [VARIANT], audio: [ENGLISH, german] })).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="1",URI="de.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=5000001,AVERAGE-BANDWIDTH=3000000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
1080p.m3u8
`)
})

test('a silent film names no audio, and an unknown average is left out', () => {
  const text = renderMasterPlaylist({ variants: [{ ...VARIANT, averageBandwidth: null }], audio: [] })
  expect(text).not.toContain('AUDIO')
  expect(text).not.toContain('AVERAGE')
})

test('an audio-only master has variants without a picture', () => {
  const sound: Variant = {
    uri: 'audio-0.m3u8',
    bandwidth: 130_000,
    averageBandwidth: 128_000,
    codecs: ['mp4a.40.2', 'mp4a.40.2'],
    width: null,
    height: null,
    frameRate: null,
  }
  expect(renderMasterPlaylist({ variants: [sound], audio: [] })).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"
audio-0.m3u8
`)
})

test.for([
  'Director", URI="http://evil.example/x',
  'one\n#EXT-X-ENDLIST\ntwo',
  'one\r\ntwo',
  'one\u2028two\u2029three\u0085four',
  'tab\t, nul \0, escape \u001b[31m, delete \u007f',
  'order \u202eoverridden\u2066',
  'half a pair \ud83d',
  'comma, equals = and #',
  '<script>alert(1)</script>',
] as const)('a hostile name stays inside its attribute: %j', (name) => {
  const text = renderMasterPlaylist({ variants: [VARIANT], audio: [{ ...ENGLISH, name, language: name }] })
  expect(text.split('\n')).toHaveLength(7)
  const attributes = attributesOf(text.split('\n')[3] ?? '')
  expect([...attributes.keys()]).toEqual([
    'TYPE',
    'GROUP-ID',
    'NAME',
    'DEFAULT',
    'AUTOSELECT',
    'CHANNELS',
    'URI',
  ])
  expect(attributes.get('URI')).toBe('"en.m3u8"')
  expect(attributes.get('NAME')).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
  expect(text.isWellFormed()).toBe(true)
})

test('names in any script stay as they are', () => {
  for (const name of ['日本語', 'עברית', 'می‌خواهم', '👨‍👩‍👧 family', "Director's cut"]) {
    expect(attributesOf(mediaTags([{ ...ENGLISH, name }])[0] ?? '').get('NAME')).toBe(`"${name}"`)
  }
})

test('names of one group differ, are never empty and never endless', () => {
  const names = [
    'Commentary',
    'Commentary',
    'Commentary (2)',
    '',
    ' \n ',
    'x'.repeat(65_536),
    'x'.repeat(70_000),
  ]
  const tags = mediaTags(names.map((name) => ({ ...ENGLISH, name, language: null })))
  const shown = tags.map((tag) => attributesOf(tag).get('NAME') ?? '')
  expect(shown.slice(0, 5)).toEqual([
    '"Commentary"',
    '"Commentary (2)"',
    '"Commentary (2) (2)"',
    '"Audio 4"',
    '"Audio 5"',
  ])
  expect(new Set(shown).size).toBe(names.length)
  expect(Math.max(...shown.map((name) => name.length))).toBeLessThan(120)
})

test('a track without a title is called by its language, in its own words', () => {
  const languages = ['ger', 'jpn', 'pt-BR', 'en', 'qaa', null]
  const tags = mediaTags(languages.map((language) => ({ ...ENGLISH, name: null, language })))
  expect(tags.map((tag) => attributesOf(tag).get('NAME'))).toEqual([
    ...['"Deutsch"', '"日本語"', '"português (Brasil)"', '"English"', '"qaa"', '"Audio 6"'],
  ])
})

test('a language is told only when it is one, in its shortest form', () => {
  const told = (language: string | null) =>
    attributesOf(mediaTags([{ ...ENGLISH, language }])[0] ?? '').get('LANGUAGE')
  expect(['en', 'ger', 'pt-BR', 'zh-Hant-TW'].map(told)).toEqual(['"en"', '"de"', '"pt-BR"', '"zh-Hant-TW"'])
  expect(
    [null, '', 'und', 'UND', 'e', 'en us', 'en"', 'en\n', 'abcdefghi', 'en-a', 'en-a-a'].map(told),
  ).toEqual(Array(11).fill(undefined))
})

test('one rendition is the default, and players choose by themselves among different languages only', () => {
  const tracks = [
    { language: 'en', default: false },
    { language: 'en', default: true },
    { language: 'en', default: true },
    { language: 'de', default: false },
    { language: 'de', default: false },
  ]
  const tags = mediaTags(tracks.map((track, i) => ({ ...ENGLISH, ...track, name: `track ${i}` }))).map(
    attributesOf,
  )
  expect(tags.map((tag) => tag.get('DEFAULT'))).toEqual(['NO', 'YES', 'NO', 'NO', 'NO'])
  expect(tags.map((tag) => tag.get('AUTOSELECT'))).toEqual(['NO', 'YES', 'NO', 'YES', 'NO'])
})

describe('subtitles', () => {
  const SIGNS = { uri: 'signs.m3u8', name: 'Signs', language: 'en', default: false, forced: true }
  const WORDS = { uri: 'en.m3u8', name: null, language: 'eng', default: false, forced: false }
  const tagsOf = (subtitles: SubtitleRendition[]) =>
    renderMasterPlaylist({ variants: [VARIANT], audio: [ENGLISH], subtitles })
      .split('\n')
      .filter((line) => line.includes('SUBTITLES'))

  test('are a group of their own, which every variant names', () => {
    expect(tagsOf([WORDS])).toEqual([
      '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="en.m3u8"',
      '#EXT-X-STREAM-INF:BANDWIDTH=5000001,AVERAGE-BANDWIDTH=3000000,CODECS="avc1.640028,mp4a.40.2",RESOLUTION=1920x1080,FRAME-RATE=29.970,AUDIO="audio",SUBTITLES="subtitles",CLOSED-CAPTIONS=NONE',
    ])
    expect(tagsOf([])).toEqual([])
  })

  test('that are forced stand beside those of the same language, and a player may choose either', () => {
    const tags = tagsOf([SIGNS, WORDS, { ...WORDS, uri: 'more.m3u8' }])
      .slice(0, 3)
      .map(attributesOf)
    expect(tags.map((tag) => [tag.get('FORCED'), tag.get('AUTOSELECT')])).toEqual([
      ['YES', 'YES'],
      ['NO', 'YES'],
      ['NO', 'NO'],
    ])
  })

  test('with hostile names stay inside their attributes', () => {
    const [tag = ''] = tagsOf([
      { ...WORDS, name: 'a",URI="http://evil.example/\n#EXT-X-ENDLIST', language: '"x' },
    ])
    expect(attributesOf(tag).get('URI')).toBe('"en.m3u8"')
    expect(attributesOf(tag).has('LANGUAGE')).toBe(false)
  })
})

test('key pictures are streams of their own in the master, without sound', () => {
  const { frameRate: _, ...iframes } = { ...VARIANT, uri: '1080p-iframes.m3u8', codecs: ['avc1.640028'] }
  const text = renderMasterPlaylist({ variants: [VARIANT], audio: [ENGLISH], iframes: [iframes] })
  expect(text.split('\n').at(-2)).toBe(
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=5000001,AVERAGE-BANDWIDTH=3000000,CODECS="avc1.640028",RESOLUTION=1920x1080,URI="1080p-iframes.m3u8"',
  )
})

test('a playlist of key pictures names a range for each', () => {
  const frames = [
    { uri: 'a.m4s', offset: 0, bytes: 900, duration_s: 2 },
    { uri: 'b.m4s', offset: 41_000, bytes: 1100, duration_s: 1.5 },
  ]
  expect(renderIFramePlaylist({ targetDuration: 2, initUri: 'init.mp4', frames })).toBe(`#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.000000,
#EXT-X-BYTERANGE:900@0
a.m4s
#EXTINF:1.500000,
#EXT-X-BYTERANGE:1100@41000
b.m4s
#EXT-X-ENDLIST
`)
})

test('a playlist of text has no init', () => {
  const text = renderMediaPlaylist({ ...MEDIA, initUri: null })
  expect(text).not.toContain('EXT-X-MAP')
})

test('an address that could break out of its place is refused', () => {
  for (const uri of ['a"b', 'a\nb', 'a\n', 'a b', '#EXT-X-ENDLIST', '', 'ü.m4s', 'a\\b', '<a>']) {
    expect(
      codeThrownBy(() => void renderMediaPlaylist({ ...MEDIA, initUri: uri })),
      uri,
    ).toBe('bad_uri')
    const segments = [{ uri, duration_s: 1 }]
    expect(
      codeThrownBy(() => void renderMediaPlaylist({ ...MEDIA, segments })),
      uri,
    ).toBe('bad_uri')
    expect(
      codeThrownBy(() => void renderMasterPlaylist({ variants: [{ ...VARIANT, uri }], audio: [] })),
    ).toBe('bad_uri')
    expect(codeThrownBy(() => void mediaTags([{ ...ENGLISH, uri }]))).toBe('bad_uri')
  }
})
