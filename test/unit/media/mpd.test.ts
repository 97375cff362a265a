import { expect, test } from 'vitest'
import { type Mpd, renderMpd } from '../../../src/media/manifests/mpd.ts'

const PICTURE = {
  id: '720p',
  codec: 'avc1.64001f',
  bandwidth: 2_000_000,
  width: 1280,
  height: 720,
  initUri: '../../t1/f1/720p-init.mp4',
  timescale: 30_000,
  segments: [2, 4, 4, 4, 1].map((s, n) => ({ uri: `../../t1/f1/720p-${n}.m4s`, duration: s * 30_030 })),
}
const SOUND = {
  id: 'audio-0',
  codec: 'mp4a.40.2',
  bandwidth: 130_000,
  initUri: 'audio-0-init.mp4',
  timescale: 48_000,
  segments: [{ uri: 'audio-0-0.m4s', duration: 192_512 }],
  name: 'English',
  language: 'eng',
  default: true,
  channels: 2,
  sampleRate: 48_000,
}
const TEXT = {
  id: 'subtitle-0',
  bandwidth: 300,
  uri: 'subtitle-0.vtt',
  name: null,
  language: 'ger',
  default: false,
  forced: false,
}
const MPD: Mpd = {
  durationS: 15.015,
  minBufferS: 4,
  frameRate: [30_000, 1001],
  video: [PICTURE],
  audio: [SOUND],
  subtitles: [TEXT],
}

type Node = { name: string; attributes: Record<string, string>; children: (Node | string)[] }

/** A tree of what is well-formed by XML 1.0 (elements, attributes and the five entities); throws otherwise. */
function parseXml(text: string): Node {
  const root: Node = { name: '', attributes: {}, children: [] }
  const open = [root]
  let rest = text.replace('<?xml version="1.0" encoding="UTF-8"?>\n', '')
  while (rest !== '') {
    const top = open.at(-1)
    const tag = /^<(\/?)([A-Za-z]+)((?: [A-Za-z]+="[^"<>]*")*)(\/?)>/.exec(rest)
    const plain = /^[^<>]+/.exec(rest)
    if (!top) throw new Error(`too many ends before ${rest}`)
    if (tag) {
      const [, end, name = '', list = '', empty] = tag
      const pairs = [...list.matchAll(/([A-Za-z]+)="([^"]*)"/g)].map(([, key, value]) => [
        key,
        unescaped(value),
      ])
      const node = { name, attributes: Object.fromEntries(pairs), children: [] }
      if (end && open.pop()?.name !== name) throw new Error(`a wrong end: ${rest}`)
      if (!end) top.children.push(node)
      if (!end && !empty) open.push(node)
    } else if (plain) top.children.push(unescaped(plain[0]))
    else throw new Error(`neither text nor tag: ${rest}`)
    rest = rest.slice((tag ?? plain)?.[0].length ?? 0)
  }
  if (open.length !== 1) throw new Error('something is not closed')
  return root
}

function unescaped(text = ''): string {
  if (/&(?!(amp|lt|gt|quot|apos);)/.test(text)) throw new Error(`a bare ampersand: ${text}`)
  const signs: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replaceAll(/&(\w+);/g, (_, name: string) => signs[name] ?? '')
}

function find(node: Node, name: string): Node[] {
  const children = node.children.filter((child) => typeof child !== 'string')
  return children.flatMap((child) => [...(child.name === name ? [child] : []), ...find(child, name)])
}

const sets = (mpd: Mpd) => find(parseXml(renderMpd(mpd)), 'AdaptationSet')
const labels = (mpd: Mpd) => find(parseXml(renderMpd(mpd)), 'Label').map(({ children }) => children.join(''))

test('pictures, sound and text are an adaptation set each, with languages and roles', () => {
  const found = sets(MPD)
  expect(
    found.map(({ attributes }) => [attributes.contentType, attributes.mimeType, attributes.lang]),
  ).toEqual([
    ['video', 'video/mp4', undefined],
    ['audio', 'audio/mp4', 'en'],
    ['text', 'text/vtt', 'de'],
  ])
  expect(found.map((set) => find(set, 'Role').map(({ attributes }) => attributes.value))).toEqual([
    ['main'],
    ['main'],
    ['subtitle'],
  ])
  expect(labels(MPD)).toEqual(['English', 'Deutsch'])
  expect(found[0]?.attributes.frameRate).toBe('30000/1001')
})

test('every rung is a representation that names each of its segments, with their times in runs', () => {
  const [picture] = sets({ ...MPD, video: [PICTURE, { ...PICTURE, id: '360p', width: 640, height: 360 }] })
  const representations = picture ? find(picture, 'Representation') : []
  expect(representations.map(({ attributes }) => attributes.id)).toEqual(['720p', '360p'])
  const [first] = representations
  if (!first) throw new Error('there is a representation')
  expect(first.attributes).toMatchObject({
    codecs: 'avc1.64001f',
    bandwidth: '2000000',
    width: '1280',
    height: '720',
  })
  expect(find(first, 'S').map(({ attributes }) => attributes)).toEqual([
    { t: '0', d: '60060' },
    { d: '120120', r: '2' },
    { d: '30030' },
  ])
  expect(find(first, 'SegmentURL').map(({ attributes }) => attributes.media)).toEqual(
    PICTURE.segments.map(({ uri }) => uri),
  )
  expect(find(first, 'Initialization')[0]?.attributes.sourceURL).toBe(PICTURE.initUri)
})

test('the length is told to the millisecond', () => {
  const [root] = find(parseXml(renderMpd(MPD)), 'MPD')
  expect(root?.attributes).toMatchObject({
    type: 'static',
    mediaPresentationDuration: 'PT15.015S',
    minBufferTime: 'PT4.000S',
  })
})

test('presigned addresses come out as they are', () => {
  const uri = 'https://store.example/a.m4s?X-Amz-Date=1&X-Amz-Signature=f%2Fb'
  const audio = [{ ...SOUND, segments: [{ uri, duration: 1 }] }]
  const text = renderMpd({ ...MPD, video: [], audio, subtitles: [{ ...TEXT, uri }] })
  expect(find(parseXml(text), 'SegmentURL')[0]?.attributes.media).toBe(uri)
  expect(find(parseXml(text), 'BaseURL')[0]?.children).toEqual([uri])
})

test.for([
  '</Label><BaseURL>http://evil.example/</BaseURL><Label>',
  '"/><SegmentURL media="http://evil.example/',
  ']]> <![CDATA[ <!-- --> &lt; &#0; &bogus;',
  'nul \0 escape \u001b bell \u0007 not a character \uffff half \ud83d',
  '<script>alert(1)</script>',
  'one\n\r\u2028two',
])('a hostile name or language stays text: %j', (name) => {
  const mpd = {
    ...MPD,
    audio: [{ ...SOUND, name, language: name }],
    subtitles: [{ ...TEXT, name, language: name }],
  }
  const text = renderMpd(mpd)
  expect(find(parseXml(text), 'AdaptationSet')).toHaveLength(3)
  expect(find(parseXml(text), 'BaseURL').map(({ children }) => children)).toEqual([['subtitle-0.vtt']])
  expect(sets(mpd).every(({ attributes }) => attributes.lang === undefined)).toBe(true)
  // What XML 1.0 has no way to say (§2.2), apart from the line end after the declaration and the last one.
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}\ufffe\uffff]/u)
})

test('several tracks of a kind have names that differ, and one of them is the main one', () => {
  const audio = [
    { ...SOUND, default: false },
    { ...SOUND, id: 'audio-1', default: true },
    { ...SOUND, id: 'audio-2', language: null, name: null },
  ]
  expect(labels({ ...MPD, audio, subtitles: [] })).toEqual(['English', 'English (2)', 'Audio 3'])
  expect(
    find(parseXml(renderMpd({ ...MPD, audio })), 'Role').map(({ attributes }) => attributes.value),
  ).toEqual([...['main', 'alternate', 'main', 'alternate', 'subtitle']])
})

test('forced text says so', () => {
  const found = sets({ ...MPD, subtitles: [{ ...TEXT, forced: true, default: true }] })
  const roles = found.flatMap((set) => find(set, 'Role')).map(({ attributes }) => attributes.value)
  expect(roles.slice(2)).toEqual(['forced-subtitle', 'main'])
})

test('sound alone has no set of pictures', () => {
  const found = sets({ ...MPD, frameRate: null, video: [] })
  expect(found.map(({ attributes }) => attributes.contentType)).toEqual(['audio', 'text'])
})
