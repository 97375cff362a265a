import { MAX_DURATION_S } from '../limits.ts'
import type { Rung, VideoPlan } from '../model.ts'
import { fps } from '../plan/frame-rate.ts'
import { jpegScale } from './picture-args.ts'

type Frames = { plan: VideoPlan; firstFrame: number; frames: number | null }

/**
 * The filter graph of one run, from `[0:<stream>]` to `[v0]`, `[v1]`, … in rung order, and `[p]` where
 * pictures for the seek bar are planned. The order of the filters was chosen so that any run gives bit for bit the frames of a single pass.
 */
export function videoGraph({ plan, firstFrame, frames }: Frames): string {
  const source = [
    // Alone among filters scale adapts to a change of size mid-file; free while nothing changes.
    `scale=${plan.source_width}:${plan.source_height}:flags=bicubic`,
    ...deinterlace(plan),
    ...turn(plan),
    `setpts=PTS-(${plan.origin_ticks})`,
    grid(plan, firstFrame),
    `trim=start_pts=${firstFrame}:end_pts=${endFrame(plan, firstFrame, frames)}`,
    // A constant, not STARTPTS: so a missing head stays visible as a late first frame.
    `setpts=PTS-${firstFrame}`,
    ...toneMap(plan),
  ]
  return [...cascade(source.join(','), plan), ...pictures(plan, firstFrame)].join(';')
}

/** Before the grid: after it the frames at a border would lack their neighbours. */
function deinterlace({ deinterlace: parity, time_base }: VideoPlan): string[] {
  // bwdif halves the time base, even at one frame a frame.
  return parity
    ? [`bwdif=mode=send_frame:parity=${parity}:deint=all`, `settb=${time_base[0]}/${time_base[1]}`]
    : []
}

function turn({ rotation }: VideoPlan): string[] {
  switch (rotation) {
    case 0:
      return []
    case 90:
      return ['transpose=clock']
    case 180:
      return ['hflip', 'vflip']
    case 270:
      return ['transpose=cclock']
  }
}

function grid({ frame_rate: [numerator, denominator] }: VideoPlan, firstFrame: number): string {
  // Frame 0 is repeated back to the origin at the very start only: elsewhere that would mask a missing head.
  return `fps=fps=${numerator}/${denominator}:round=near${firstFrame === 0 ? ':start_time=0' : ''}`
}

/** An open end is bounded too: two frames with timestamps years apart would be filled up by `fps` for ever. */
function endFrame({ frame_rate }: VideoPlan, firstFrame: number, frames: number | null): number {
  return frames === null ? Math.ceil(MAX_DURATION_S * fps(frame_rate)) : firstFrame + frames
}

/**
 * HDR to SDR at the top rung's size (half the cost of the source's): linear light with diffuse
 * white at 203 nits, BT.2020 to BT.709, and a knee above. The peak is explicit, else `tonemap`
 * would follow side data from frame to frame.
 */
function toneMap({ tone_map, rungs: [top], full_range }: VideoPlan): string[] {
  if (!tone_map || !top) return []
  const range = full_range ? 'full' : 'limited'
  return [
    `zscale=w=${top.width}:h=${top.height}:filter=bicubic:t=linear:npl=203:tin=${tone_map.transfer}:pin=2020:min=2020_ncl:rin=${range}`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    `tonemap=mobius:param=0.3:desat=0:peak=${tone_map.peak.toFixed(4)}`,
    'zscale=t=bt709:m=bt709:r=tv',
    'format=yuv420p',
  ]
}

/** Each rung is scaled from the one above (5 % less CPU than from the source), to the size in the plan. */
function cascade(source: string, plan: VideoPlan): string[] {
  return plan.rungs.map((rung, index) => {
    const isLast = index === plan.rungs.length - 1 && !plan.pictures
    const chain = [index === 0 ? `[0:${plan.stream_index}]${source}` : '', ...rungFilters(rung, index, plan)]
    const from = index === 0 ? '' : `[c${index - 1}]`
    return from + chain.filter(Boolean).join(',') + (isLast ? `[v${index}]` : `,split[v${index}][c${index}]`)
  })
}

/**
 * Every so many frames of the smallest rung, counted on the grid: any run has those of a single pass.
 * The run's first frame comes in any case (`createPictureQueue`).
 */
function pictures({ pictures: wanted, rungs }: VideoPlan, firstFrame: number): string[] {
  if (!wanted) return []
  const { every_frames, width, height } = wanted
  const chain = [`select='eq(n,0)+not(mod(pts+${firstFrame},${every_frames}))'`, jpegScale({ width, height })]
  return [`[c${rungs.length - 1}]${chain.join(',')}[p]`]
}

/** The first rung brings the colours to BT.709; the others follow. */
function rungFilters({ width, height }: Rung, index: number, plan: VideoPlan): string[] {
  const scale = `scale=${width}:${height}:flags=bicubic`
  if (index > 0) return [scale, 'setsar=1', 'format=yuv420p']
  return [scale + asItIs(plan), 'format=yuv420p', ...toBt709(plan), bt709, 'setsar=1']
}

/** An encoder writes the tags that its frames have. */
const bt709 = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709'

/** Only the range becomes limited. RGB gets the matrix that `toBt709` then expects. */
function asItIs({ full_range, tone_map, matrix }: VideoPlan): string {
  // Tone mapping has brought matrix and range down already.
  if (tone_map) return ''
  const range = full_range ? ':in_range=pc:out_range=tv' : ''
  return `:in_color_matrix=${matrix}:out_color_matrix=${matrix}${range}`
}

/** Exact to one code; `scale` can do it too, costs twice as much and is wrong by up to three. */
function toBt709({ tone_map, matrix }: VideoPlan): string[] {
  return tone_map || matrix === 'bt709' ? [] : [`colormatrix=${matrix}:bt709`]
}
