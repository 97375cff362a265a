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
const PICTURE_DECODERS = [
  ...['h264', 'hevc', 'vp8', 'vp9', 'libdav1d', 'libaom-av1', 'av1'],
  ...['mpeg1video', 'mpeg2video', 'mpeg4', 'msmpeg4', 'msmpeg4v2', 'h263', 'flv'],
  ...['wmv1', 'wmv2', 'wmv3', 'vc1', 'theora', 'prores', 'dnxhd', 'mjpeg', 'gif'],
]
const SOUND_DECODERS = [
  ...['aac', 'aac_latm', 'mp3float', 'mp3', 'mp2float', 'mp2', 'mp1float', 'ac3', 'eac3', 'dca', 'truehd'],
  ...['opus', 'vorbis', 'flac', 'alac', 'wmav1', 'wmav2', 'wmapro', 'amrnb', 'amrwb'],
  ...['pcm_s8', 'pcm_u8', 'pcm_s16le', 'pcm_s16be', 'pcm_s24le', 'pcm_s24be', 'pcm_s32le', 'pcm_s32be'],
  ...['pcm_f32le', 'pcm_f32be', 'pcm_f64le', 'pcm_f64be', 'pcm_alaw', 'pcm_mulaw', 'pcm_bluray', 'pcm_dvd'],
  ...['adpcm_ms', 'adpcm_ima_wav', 'adpcm_ima_qt'],
]
const TEXT_DECODERS = ['subrip', 'srt', 'ass', 'ssa', 'mov_text', 'webvtt']
const DECODERS = [...PICTURE_DECODERS, ...SOUND_DECODERS, ...TEXT_DECODERS]

/**
 * What a good film has beside its picture and a sound that we take: covers, picture subtitles, teletext,
 * sounds of rare kinds. ffprobe opens a decoder for every stream, and lists nothing at all when one is off
 * its list; so it may open these, whose streams are then left out. ffmpeg opens only what is mapped.
 */
const PROBED_ONLY = [
  ...['png', 'bmp', 'tiff', 'webp'],
  ...['pgssub', 'dvdsub', 'dvbsub', 'xsub', 'libzvbi_teletextdec', 'libaribb24', 'libaribcaption'],
  ...['cc_dec', 'text'],
  ...['wavpack', 'tta', 'speex', 'libspeex', 'mlp', 'als', 's302m', 'dvaudio', 'dolby_e'],
  ...['wmavoice', 'wmalossless', 'nellymoser', 'adpcm_swf', 'adpcm_yamaha', 'g722', 'g726', 'g723_1', 'g729'],
  ...['gsm', 'gsm_ms', 'truespeech', 'qcelp', 'evrc', 'qdm2', 'mace3', 'mace6', 'imc'],
  ...['cook', 'sipr', 'real_144', 'real_288', 'atrac3', 'atrac3plus', 'pcm_s16be_planar', 'pcm_s64le'],
  ...['pcm_u16le', 'pcm_u16be', 'pcm_u24le', 'pcm_u24be', 'pcm_u32le', 'pcm_u32be'],
]

/** Where ffprobe's name of a codec is not that of its decoder. */
const OTHER_NAMES: { [decoder: string]: string } = { dca: 'dts', amrnb: 'amr_nb', amrwb: 'amr_wb' }
const SOUND_CODECS = new Set(SOUND_DECODERS.map((name) => OTHER_NAMES[name] ?? name.replace(/float$/, '')))

/** Whether ffmpeg may decode a sound of this codec, named as ffprobe names it. */
export const isSoundAccepted = (codec: string): boolean => SOUND_CODECS.has(codec)

/** Before the `-i` of what `audioArgs` decoded in a process of its own. */
export const decodedSoundWhitelist: readonly string[] = [
  ...['-format_whitelist', 'nut', '-protocol_whitelist', 'pipe', '-codec_whitelist', 'pcm_f32le'],
]

/** Whether a line of ffprobe that begins with this name is a decoder's; its demuxers have others, but for a few. */
export const isDecoder = (name: string): boolean => DECODERS.includes(name) || PROBED_ONLY.includes(name)

type Program = 'ffmpeg' | 'ffprobe'
/** `pictures`: JPEGs of our own, one after another in a pipe. */
type Transport = 'http' | 'https' | 'pipe' | 'pictures'

const PROTOCOLS: Record<Transport, string> = {
  http: 'http,tcp',
  https: 'https,tls,tcp',
  // `file` is what the muxer reopens its own output with for `+faststart`.
  pipe: 'pipe,file',
  pictures: 'pipe',
}

/** The three whitelists as argv, to stand before one `-i`. */
export function whitelistArgs(program: Program, transport: Transport): string[] {
  // A demuxer that no source may have.
  const demuxers = transport === 'pictures' ? ['mjpeg'] : DEMUXERS
  const decoders = program === 'ffprobe' ? [...DECODERS, ...PROBED_ONLY] : DECODERS
  return [
    ...['-format_whitelist', demuxers.join(',')],
    ...['-protocol_whitelist', PROTOCOLS[transport]],
    ...['-codec_whitelist', decoders.join(',')],
  ]
}
