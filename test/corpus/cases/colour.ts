import { about, type Case } from '../support/case.ts'
import { patches } from '../support/looks.ts'
import { film } from './sources.ts'

/** Luma codes of limited range for an 8-bit grey of full range. */
const limited = (full: number) => 16 + (full * 219) / 255

/** Four grey quarters given as code values of the target format. */
function greys(codes: readonly [number, number, number, number], bits: 8 | 10): string {
  const half = bits === 10 ? 512 : 128
  const [a, b, c, d] = codes
  const luma = `if(lt(Y,H/2),if(lt(X,W/2),${a},${b}),if(lt(X,W/2),${c},${d}))`
  const format = bits === 10 ? 'yuv420p10le' : 'yuv420p'
  return `color=gray:size=320x180:rate=30,format=${format},geq=lum='${luma}':cb=${half}:cr=${half}`
}

/** PQ (SMPTE ST 2084): the 10-bit limited code of so many nits. */
function pq(nits: number): number {
  const y = (nits / 10_000) ** 0.1593017578125
  const v = ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375
  return Math.round(64 + 876 * v)
}

const x265 = (transfer: string) => [
  ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le', '-tag:v', 'hvc1'],
  ...['-x265-params', `log-level=error:colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`],
  ...['-color_primaries', 'bt2020', '-color_trc', transfer, '-colorspace', 'bt2020nc'],
]
const sdr = { status: 'completed', pixelFormat: 'yuv420p', range: 'tv', colour: 'bt709 bt709 bt709' } as const
const bt709 = ['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709']
const smpte170m = ['-color_primaries', 'smpte170m', '-color_trc', 'smpte170m', '-colorspace', 'smpte170m']
const x264 = (format: string, more: string[] = []) => [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '8', '-pix_fmt', format, ...more],
]

/** HDR, depth, chroma sampling and range. */
export const colourCases: Case[] = [
  {
    name: 'HDR10 at 26, 100, 203 and 1000 nits',
    make: () =>
      film({
        name: 'hdr10',
        source: greys([pq(26), pq(100), pq(203), pq(1000)], 10),
        encoder: x265('smpte2084'),
      }),
    wants: {
      ...sdr,
      lumaTopLeft: about(109, 3),
      lumaTopRight: about(174, 3),
      lumaBottomLeft: about(202, 3),
      lumaBottomRight: about(235, 3),
      warnings: 'tone_mapped',
    },
  },
  {
    name: 'HLG at 38, 50, 75 and 100 %',
    make: () =>
      film({
        name: 'hlg',
        source: greys([64 + 876 * 0.38, 64 + 876 * 0.5, 64 + 876 * 0.75, 940], 10),
        encoder: x265('arib-std-b67'),
      }),
    wants: {
      ...sdr,
      lumaTopLeft: about(109, 3),
      lumaTopRight: about(139, 3),
      lumaBottomLeft: about(202, 3),
      lumaBottomRight: about(235, 3),
      warnings: 'tone_mapped',
    },
  },
  ...(['yuv420p10le', 'yuv422p', 'yuv444p', 'yuv422p10le'] as const).map(
    (format): Case => ({
      name: `SDR in ${format}`,
      make: () =>
        film({
          name: format,
          source: format.includes('10') ? greys([100, 300, 600, 900], 10) : greys([25, 75, 150, 225], 8),
          encoder: x264(format, bt709),
        }),
      wants: {
        ...sdr,
        lumaTopLeft: about(25, 2),
        lumaTopRight: about(75, 2),
        lumaBottomLeft: about(150, 2),
        lumaBottomRight: about(225, 2),
      },
    }),
  ),
  {
    name: 'full range',
    make: () =>
      film({
        name: 'full-range',
        source: greys([20, 80, 160, 250], 8),
        encoder: x264('yuv420p', ['-color_range', 'pc', ...bt709]),
      }),
    wants: {
      ...sdr,
      lumaTopLeft: about(limited(20), 2),
      lumaTopRight: about(limited(80), 2),
      lumaBottomLeft: about(limited(160), 2),
      lumaBottomRight: about(limited(250), 2),
    },
  },
  ...[
    { name: 'BT.601, tagged', matrix: 'bt601', size: '320x180', tags: smpte170m },
    { name: 'BT.601, untagged, standard definition', matrix: 'bt601', size: '320x180', tags: [] },
    { name: 'BT.601, tagged, high definition', matrix: 'bt601', size: '1280x720', tags: smpte170m },
    { name: 'BT.709, tagged, standard definition', matrix: 'bt709', size: '320x180', tags: bt709 },
    { name: 'BT.709, untagged, high definition', matrix: 'bt709', size: '1280x720', tags: [] },
  ].map(
    ({ name, matrix, size, tags }): Case => ({
      name,
      make: () => patched(name.replaceAll(/[^\w]+/g, '-'), { matrix, size, tags }),
      wants: { ...sdr, colourError: about(0, 4) },
    }),
  ),
  {
    name: 'motion JPEG, full range by its format',
    make: () => patched('full-jpeg', { matrix: 'bt601', size: '320x180', jpeg: true }),
    wants: { ...sdr, colourError: about(0, 4) },
  },
]

type Patched = { matrix: string; size: string; tags?: readonly string[]; jpeg?: boolean }

/** Four known colours, turned into luma and chroma by one matrix, whatever the tags say. */
function patched(name: string, { matrix, size, tags = [], jpeg = false }: Patched): Promise<string> {
  const channel = (index: 0 | 1 | 2) => {
    const [a, b, c, d] = patches.map((colour) => colour[index])
    return `if(lt(Y,H/2),if(lt(X,W/2),${a},${b}),if(lt(X,W/2),${c},${d}))`
  }
  // One picture is computed and then repeated.
  const drawn = `geq=r='${channel(0)}':g='${channel(1)}':b='${channel(2)}',loop=loop=-1:size=1`
  const [range, format] = jpeg ? ['pc', 'yuvj420p'] : ['tv', 'yuv420p']
  return film({
    name,
    source: `color=black:size=${size}:rate=30,format=gbrp,trim=end_frame=1,${drawn}`,
    filters: `scale=out_color_matrix=${matrix}:out_range=${range},format=${format}`,
    seconds: 1,
    ...(jpeg ? { extension: 'avi' } : {}),
    encoder: jpeg ? ['-c:v', 'mjpeg', '-q:v', '2'] : x264(format ?? '', [...tags]),
  })
}
