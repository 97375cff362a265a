/** What calls another address or opens another file once a careless program takes it for media. */
export type Disguise = { name: string; extension: string; bytes: Buffer }

/** Where a disguise points: a port that counts, and a file whose reading shows. */
export type Canary = { host: string; port: number; path: string }

/** Every way of ffmpeg's to name another input, all of them leading to the canary. */
function hostileAddresses({ host, port, path }: Canary): { [name: string]: string } {
  const at = `${host}:${port}`
  const inner = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://${at}/data.ts\n#EXT-X-ENDLIST\n`
  return {
    http: `http://${at}/segment.ts`,
    'without a scheme': `//${at}/segment.ts`,
    'with a film behind it': `http://${at}/film.mp4`,
    file: `file://${path}`,
    'file without slashes': `file:${path}`,
    'a path': path,
    'a path above': `../../../../../../../..${path}`,
    concat: `concat:http://${at}/head.ts|file:${path}`,
    concatf: `concatf:http://${at}/list.txt`,
    subfile: `subfile,,start,0,end,64,,:http://${at}/part.ts`,
    data: `data:application/vnd.apple.mpegurl;base64,${Buffer.from(inner).toString('base64')}`,
    'a list in a list': `http://${at}/inner.m3u8`,
    'an encrypted one': `crypto+http://${at}/segment.ts`,
    'a cached one': `cache:http://${at}/segment.ts`,
    'an asynchronous one': `async:http://${at}/segment.ts`,
    hls: `hls+http://${at}/list.m3u8`,
    tcp: `tcp://${at}`,
    tls: `tls://${at}`,
    ftp: `ftp://${at}/film.ts`,
    gopher: `gopher://${at}/1film`,
    rtmp: `rtmp://${at}/live/film`,
    rtsp: `rtsp://${at}/film`,
    mms: `mmsh://${at}/film`,
    icecast: `icecast://${at}/film`,
    httpproxy: `httpproxy://${at}/127.0.0.1:80`,
    tee: `tee:http://${at}/segment.ts`,
    unix: `unix:${path}`,
    md5: `md5:${path}`,
  }
}

/** Every kind of list that ffmpeg can open, with one address in it. */
function playlistsWith(address: string): { [name: string]: string } {
  const media = `#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n${address}\n#EXT-X-ENDLIST\n`
  return {
    'an HLS list': `#EXTM3U\n${media}`,
    'an HLS list of lists': `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000\n${address}\n`,
    'an HLS list with a key': `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="${address}",IV=0x0\n${media}`,
    'an HLS list with an init': `#EXTM3U\n#EXT-X-MAP:URI="${address}"\n${media}`,
    'an HLS list with a sound': `#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="${address}"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\n${address}\n`,
    'an ffconcat list': `ffconcat version 1.0\nfile '${address}'\n`,
    'a DASH manifest': dash(`<BaseURL>${escaped(address)}</BaseURL>`),
    'a DASH manifest with a template': dash(
      `<SegmentTemplate initialization="${escaped(address)}" media="${escaped(address)}" startNumber="1" duration="4" timescale="1"/>`,
    ),
    'an SDP description': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nu=${address}\nc=IN IP4 127.0.0.1\nt=0 0\na=control:${address}\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    'an IMF composition': `<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:00000000-0000-0000-0000-000000000000</Id><ContentTitle>${escaped(address)}</ContentTitle></CompositionPlaylist>`,
    'an SVG picture': `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64"><image xlink:href="${escaped(address)}" width="64" height="64"/></svg>`,
    'a stream description of VobSub': `# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 000000000\n# ${address}\n`,
  }
}

const dash = (inside: string): string =>
  `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static" mediaPresentationDuration="PT4S"><Period duration="PT4S"><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1000" width="64" height="64">${inside}</Representation></AdaptationSet></Period></MPD>`

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')

/** The same list in other clothes: behind what a file of another kind begins with, or inside of one. */
function wrapped(text: string): { [name: string]: Buffer } {
  const plain = Buffer.from(text)
  return {
    bare: plain,
    'behind a byte order mark': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain]),
    'behind an ID3 tag': Buffer.concat([id3(), plain]),
    'behind the head of an MP4': Buffer.concat([ftyp(), plain]),
    'inside a box of an MP4': Buffer.concat([ftyp(), box('free', plain)]),
    'in the subtitles of an AVI': aviWithSubtitles(plain),
  }
}

const box = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + body.length)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

/** ISO/IEC 14496-12 §4.3. */
const ftyp = (): Buffer => box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2avc1mp41', 'latin1'))

/** ID3v2.3 §3.1, with 118 bytes of padding. */
const id3 = (): Buffer => Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\0\x76', 'latin1'), Buffer.alloc(118)])

function chunk(id: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(id, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}

const list = (type: string, ...chunks: Buffer[]): Buffer =>
  chunk('LIST', Buffer.concat([Buffer.from(type, 'latin1'), ...chunks]))

/**
 * An AVI (RIFF, OpenDML) of one motion JPEG stream and one of text, whose only packet is a GAB2 block: ffmpeg
 * probes what is in that as a file of its own.
 */
function aviWithSubtitles(text: Buffer): Buffer {
  const main = Buffer.alloc(56)
  main.writeUInt32LE(40_000) // microseconds a frame
  main.writeUInt32LE(2, 24) // streams
  main.writeUInt32LE(64, 32)
  main.writeUInt32LE(64, 36)
  const streamHead = (type: string, codec: string) => {
    const head = Buffer.alloc(56)
    head.write(type, 0, 'latin1')
    head.write(codec, 4, 'latin1')
    head.writeUInt32LE(1, 20) // scale
    head.writeUInt32LE(25, 24) // rate
    head.writeUInt32LE(25, 32) // length
    return chunk('strh', head)
  }
  const picture = Buffer.alloc(40)
  picture.writeUInt32LE(40)
  picture.writeInt32LE(64, 4)
  picture.writeInt32LE(64, 8)
  picture.writeUInt16LE(1, 12)
  picture.writeUInt16LE(24, 14)
  picture.write('MJPG', 16, 'latin1')
  const gab2 = Buffer.alloc(17)
  gab2.write('GAB2\0', 'latin1')
  gab2.writeUInt16LE(2, 5)
  gab2.writeUInt32LE(0, 7)
  gab2.writeUInt16LE(4, 11)
  gab2.writeUInt32LE(text.length, 13)
  const jpeg = Buffer.from('ffd8ffdb0004ffd9', 'hex')
  const header = list(
    'hdrl',
    chunk('avih', main),
    list('strl', streamHead('vids', 'MJPG'), chunk('strf', picture)),
    list('strl', streamHead('txts', 'DXSB'), chunk('strf', Buffer.alloc(0))),
  )
  const frames = Array.from({ length: 25 }, () => chunk('00dc', jpeg))
  const movie = list('movi', chunk('01tx', Buffer.concat([gab2, text])), ...frames)
  return chunk('RIFF', Buffer.concat([Buffer.from('AVI ', 'latin1'), header, movie]))
}

/** ffmpeg looks at the name, too. */
const extensions = ['', '.mp4', '.m3u8', '.ts', '.mkv']

/** Each list with each address, and with the plainest of them in all of the clothes; under each extension by turns. */
export function disguises(canary: Canary): Disguise[] {
  const found = Object.entries(hostileAddresses(canary)).flatMap(([where, address]) =>
    Object.entries(playlistsWith(address)).flatMap(([kind, text]) => {
      const forms = where === 'http' || where === 'file' ? wrapped(text) : { bare: Buffer.from(text) }
      return Object.entries(forms).map(([form, bytes]) => ({ name: `${kind} of ${where}, ${form}`, bytes }))
    }),
  )
  return found.map((one, index) => ({ ...one, extension: extensions[index % extensions.length] ?? '' }))
}
