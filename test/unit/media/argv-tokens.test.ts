import { expect, test } from 'vitest'
import { audioArgs } from '../../../src/media/argv/audio-args.ts'
import { httpInput } from '../../../src/media/argv/input-args.ts'
import { qualityArgs } from '../../../src/media/argv/quality-args.ts'
import { remuxArgs } from '../../../src/media/argv/remux-args.ts'
import { sampleArgs } from '../../../src/media/argv/sample-args.ts'
import { subtitleArgs } from '../../../src/media/argv/subtitle-args.ts'
import { videoArgs } from '../../../src/media/argv/video-args.ts'
import type { AudioPlan } from '../../../src/media/model.ts'
import { makePlan } from '../../../src/media/plan/make-plan.ts'
import { aPicture, aSource, aTrack } from '../../support/a-source.ts'
import { profileNamed } from '../../support/profiles.ts'

const INPUT = httpInput({ url: 'http://store:9000/videos/source/1?X-Amz-Signature=00', etag: 'abc-1' })

test('nothing a caller wrote reaches an argv: a thousand random sources, every token is an option, a number or one of our words', () => {
  const nasty = [
    '-y',
    '; rm',
    'concat:x',
    '\n',
    '[v0]',
    "'",
    'x,movie=/etc/passwd',
    '\u202e',
    'eng',
    '../..',
    '%s',
  ]
  const seed = { state: 20240229 }
  const random = (below: number): number => {
    seed.state = (seed.state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed.state / 2 ** 31) * below)
  }
  const word = () => nasty[random(nasty.length)] ?? ''
  for (let round = 0; round < 1000; round += 1) {
    const color = {
      range: word(),
      space: word(),
      transfer: word(),
      primaries: word(),
      max_cll: 1 + random(5000),
    }
    const video = aPicture({
      codec: word(),
      profile: word(),
      pixel_format: word(),
      color,
      width: 64 + random(4000),
      height: 64 + random(4000),
    })
    const audio = [aTrack({ language: word(), title: word() })]
    const text = { codec: 'subrip', language: word(), title: word(), default: true, forced: false }
    const subtitles = [{ stream_index: 1 + random(9), ...text }]
    const media = aSource({ format: word(), title: word(), video, audio, subtitles })
    const profile = profileNamed(['default', 'hevc', 'av1'][random(3)] ?? '')
    const plan = makePlan({ media, build: 'b1', singleChunk: null, profile })
    if (!plan.video || !plan.audio[0] || !plan.subtitles[0]) throw new Error('there are all three')
    const argvs = [
      videoArgs({
        plan: plan.video,
        firstFrame: random(2) * 900,
        frames: null,
        preroll_s: 2,
        threads: 1,
        input: INPUT,
        progressFd: 9,
      }),
      qualityArgs({
        plan: plan.video,
        firstFrame: 900,
        frames: 60,
        preroll_s: 2,
        threads: 1,
        vmaf: true,
        input: INPUT,
      }),
      sampleArgs({ plan: plan.video, firstFrame: 900, frames: 60, preroll_s: 2, threads: 1, input: INPUT }),
      ...soundArgs(plan.audio[0]),
      subtitleArgs({ plan: plan.subtitles[0], input: INPUT, progressFd: 4 }),
      remuxArgs({ video: true, audio: plan.audio, output: '/scratch/x.mp4' }),
    ]
    expect(argvs.flat().filter((token) => !isKnownToken(token))).toEqual([])
  }
}, 20_000)

function soundArgs(track: AudioPlan): string[][] {
  const kinds = ['steady', 'changing', 'untimed'] as const
  return kinds.flatMap((stability) => {
    const { args, source } = audioArgs({ plan: { ...track, stability }, input: INPUT, progressFd: 4 })
    return [args, source ?? []]
  })
}

const WORDS = new Set([
  ...INPUT,
  ...[
    'repeat+warning',
    ...['libx264', 'libx265', 'libsvtav1', '-x265-params', '-svtav1-params'],
    ...['main', 'hvc1', 'lp=1:irefresh-type=2:scd=0'],
    'open-gop=0:scenecut=0:info=0:pools=1:frame-threads=1:log-level=error',
    'veryfast',
    'high',
    '+cgop',
    'passthrough',
    '+bitexact',
    'mp4',
    'copy',
    'framecrc',
    'mjpeg',
    'unofficial',
    'image2pipe',
    '[p]',
    'webvtt',
    'aac',
    'pcm_f32le',
    'nut',
    'pipe',
    '0:v:0',
    '1:a:0',
    'default',
  ],
  ...[
    '+frag_keyframe+empty_moov+default_base_moof+delay_moov+skip_trailer',
    '+empty_moov+default_base_moof+delay_moov+skip_trailer',
    '+faststart',
  ],
  ...[
    'pipe,file',
    'file:/scratch/x.mp4',
    'language=eng',
    '[v0]',
    '[v1]',
    '[v2]',
    '[v3]',
    '[v4]',
    '[v5]',
    '[v6]',
    '[v7]',
  ],
])

const isKnownToken = (token: string): boolean =>
  WORDS.has(token) ||
  /^(\[[eq]\d\]|null|-|h264|hevc|obu)$/.test(token) ||
  /^(-[a-z_]+(:[sva]){0,2}(:\d)?|-?\d+(\.\d+)?|0:\d|pipe:\d+)$/.test(token) ||
  isGraph(token)

/** What a comparison adds to a graph. */
const FIGURES =
  /\[[a-z]\d\]|settb=|setpts=N|ssim|psnr|libvmaf=n_threads=1:log_fmt=csv:log_path=vmaf-\d\.csv:|shortest=1:repeatlast=0|,metadata=mode=print(:key=lavfi\.ssim\.All)?:file='pipe\\:\d+'/g

/** Names of filters and their options, numbers, and our own constants. */
const isGraph = (token: string): boolean =>
  /^(\[0:\d\]|asetpts|aresample)/.test(token) &&
  (token.replaceAll(FIGURES, '').match(/[a-zA-Z_]+/g) ?? []).every((name) =>
    /^([vcsp]|scale|flags|bicubic|setpts|PTS|fps|round|near|start_time|trim|start_pts|end_pts|in_color_matrix|out_color_matrix|out_range|pc|select|eq|n|not|mod|pts|bt|smpte|m|setparams|range|tv|color_primaries|color_trc|colorspace|setsar|format|yuv|p|split|asetpts|TB|aresample|async|first_pts|min_hard_comp|aformat|sample_fmts|fltp|channel_layouts|stereo|atrim)$/.test(
      name,
    ),
  )
