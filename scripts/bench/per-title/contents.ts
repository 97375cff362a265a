import { makeMedia } from '../../clips/make.ts'

const size = '1280x720'

/** Filter graphs of 720p30 pictures without an end; each is a kind of film that needs its own bits. */
const graphs: Readonly<Record<string, string>> = {
  'flat animation':
    `color=0x3060a0:s=${size}:r=30,drawbox=y=420:h=200:c=0x50a050:t=fill,` +
    `drawbox=x='mod(t*120,1300)-100':y='300+120*sin(t*1.5)':w=160:h=160:c=0xe0c040:t=fill,` +
    `drawbox=x='1100-mod(t*90,1200)':y=120:w=220:h=90:c=white:t=fill`,
  // Small black and white signs that scroll by and change each second.
  text: `life=s=320x180:r=1:mold=0:ratio=0.25:seed=3,scale=${size}:flags=neighbor,fps=30,scroll=vertical=0.0014`,
  noise: `color=gray:s=${size}:r=30,noise=alls=60:allf=t:all_seed=7`,
  'film-like motion': `mandelbrot=s=${size}:r=30:maxiter=250:end_scale=0.01:end_pts=600,noise=alls=4:allf=t:all_seed=7`,
  'still slides': `testsrc2=s=${size}:r=1/5,fps=30`,
  'out of focus': `mandelbrot=s=${size}:r=30:maxiter=250:end_scale=0.01:end_pts=600,gblur=sigma=6`,
}

export const contentNames: readonly string[] = Object.keys(graphs)

/** The file of one kind, of so many seconds; made once. */
export function contentFile(name: string, seconds: number): Promise<string> {
  return makeMedia({
    name: `content-${name.replaceAll(' ', '-')}`,
    extension: 'mp4',
    args: [
      ...['-f', 'lavfi', '-i', graphs[name] ?? '', '-t', String(seconds)],
      ...['-c:v', 'libx264', '-preset', 'superfast', '-crf', '16', '-g', '60', '-pix_fmt', 'yuv420p'],
      // Tagged as what is made of it.
      ...[
        '-colorspace',
        'bt709',
        '-color_primaries',
        'bt709',
        '-color_trc',
        'bt709',
        '-movflags',
        '+faststart',
      ],
    ],
  })
}
