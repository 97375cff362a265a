/**
 * What ffmpeg and ffprobe may open. Uploaded media is hostile: without these a playlist named
 * `.mp4` makes ffmpeg call any address (CVE-2016-1897 and kin). Each list is an *input* option and
 * must stand before every `-i`; after it, or before the first of two only, it does nothing.
 */

/** Demuxers. One of a demuxer's names is enough (`mov` covers mp4); case counts, blanks break it. */
const DEMUXERS = [
  ...['mov', 'matroska', 'mpegts', 'mpeg', 'avi', 'asf', 'flv', 'ogg', 'mxf', 'gif'],
  ...['mp3', 'aac', 'flac', 'wav'],
]

/** Names of *decoders*, not of codecs: `mp3float`, `flv`, `libdav1d`. */
const DECODERS = [
  ...['h264', 'hevc', 'vp8', 'vp9', 'libdav1d', 'libaom-av1', 'av1'],
  ...[
    'mpeg1video',
    'mpeg2video',
    'mpeg4',
    'msmpeg4',
    'msmpeg4v2',
    'h263',
    'flv',
    'wmv1',
    'wmv2',
    'wmv3',
    'vc1',
  ],
  ...['theora', 'prores', 'dnxhd', 'mjpeg', 'gif'],
  ...['aac', 'aac_latm', 'mp3float', 'mp3', 'mp2float', 'mp2', 'mp1float', 'ac3', 'eac3', 'dca', 'truehd'],
  ...['opus', 'vorbis', 'flac', 'alac', 'wmav1', 'wmav2', 'wmapro', 'amrnb', 'amrwb'],
  ...['pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_f32le', 'pcm_u8'],
  ...['pcm_alaw', 'pcm_mulaw', 'pcm_bluray', 'adpcm_ms', 'adpcm_ima_wav', 'adpcm_ima_qt'],
  ...['subrip', 'srt', 'ass', 'ssa', 'mov_text', 'webvtt'],
]

/** ffprobe lists nothing at all when one stream's decoder is off its list: covers and picture subtitles. */
const PROBED_ONLY = ['png', 'pgssub', 'dvdsub', 'dvbsub']

type Program = 'ffmpeg' | 'ffprobe'
type Transport = 'http' | 'https' | 'pipe'

const PROTOCOLS: Record<Transport, string> = {
  http: 'http,tcp',
  https: 'https,tls,tcp',
  // `file` is what the muxer reopens its own output with for `+faststart`.
  pipe: 'pipe,file',
}

/** The three whitelists as argv, to stand before one `-i`. */
export function whitelistArgs(program: Program, transport: Transport): string[] {
  const decoders = program === 'ffprobe' ? [...DECODERS, ...PROBED_ONLY] : DECODERS
  return [
    ...['-format_whitelist', DEMUXERS.join(',')],
    ...['-protocol_whitelist', PROTOCOLS[transport]],
    ...['-codec_whitelist', decoders.join(',')],
  ]
}
