import { type Check, failed, ok, warning } from '../../health/check.ts'
import { judgeVersion } from '../../health/ffmpeg.ts'
import { encoders } from '../../media/encoders/encoders.ts'
import { printedBy, readBuild } from '../../media/ffmpeg/build.ts'
import { codecs } from '../../media/model.ts'

/** What every job needs of the filters and encoders, and what is lost without the others. */
const needed = {
  encoders: ['aac', 'mjpeg'],
  filters: ['scale', 'fps', 'trim', 'setpts', 'colormatrix', 'aresample'],
}
const lostWithout = {
  zscale: 'HDR cannot be made SDR, and such films fail',
  tonemap: 'HDR cannot be made SDR, and such films fail',
  bwdif: 'interlaced films fail',
  idet: 'what is flagged as interlaced is taken for interlaced',
  ssim: 'quality cannot be measured',
  psnr: 'quality cannot be measured',
}

/** Version and abilities of ffmpeg, each ability as a check of its own. Throws `ffmpeg_missing`. */
export async function checkFfmpeg(path: string): Promise<Record<string, Check>> {
  const [build, encoderList, filterList] = await Promise.all([
    readBuild(path),
    printedBy(path, ['-hide_banner', '-encoders']),
    printedBy(path, ['-hide_banner', '-filters']),
  ])
  const found = { encoders: namesIn(encoderList), filters: namesIn(filterList) }
  return {
    ffmpeg: judgeVersion(build.version),
    'ffmpeg encoders': judgeEncoders(build.codecs, found.encoders),
    'ffmpeg filters': judgeFilters(found.filters, build.vmaf),
  }
}

export async function checkFfprobe(path: string): Promise<Check> {
  const version = /^ffprobe version (\S+)/.exec(await printedBy(path, ['-version']))?.[1]
  if (version === undefined)
    return failed('ffprobe does not run', 'install it (it comes with ffmpeg), or set FFPROBE_PATH')
  return ok(`ffprobe is of version ${version}`)
}

function judgeEncoders(able: ReadonlySet<string>, listed: ReadonlySet<string>): Check {
  const missing = needed.encoders.filter((name) => !listed.has(name))
  if (missing.length > 0)
    return failed(`ffmpeg has no encoder ${missing.join(', ')}`, 'install a full build of it')
  const lost = codecs.filter((codec) => !able.has(codec))
  if (lost.length === 0) return ok(`ffmpeg encodes ${codecs.join(', ')} and AAC`)
  const libraries = lost.map((codec) => encoders[codec].library).join(', ')
  return warning(
    `ffmpeg has no ${libraries}: profiles of ${lost.join(', ')} cannot be made here`,
    'install a full build of it',
  )
}

function judgeFilters(listed: ReadonlySet<string>, vmaf: boolean): Check {
  const fix = 'install a full build of ffmpeg'
  const missing = needed.filters.filter((name) => !listed.has(name))
  if (missing.length > 0) return failed(`ffmpeg has no filter ${missing.join(', ')}`, fix)
  const lost = Object.entries(lostWithout).filter(([name]) => !listed.has(name))
  if (lost.length > 0)
    return warning(lost.map(([name, loss]) => `ffmpeg has no ${name}: ${loss}`).join('; '), fix)
  if (vmaf) return ok('ffmpeg has every filter, libvmaf too')
  return warning('ffmpeg has no libvmaf, or not its model: SSIM and PSNR are measured, VMAF is not', fix)
}

/** Lines such as ` V....D libx264  …` and ` ..C aac  …`: flags, then the name. */
function namesIn(list: string): Set<string> {
  return new Set([...list.matchAll(/^ [A-Z.|]{2,6} (\w+) /gm)].map(([, name = '']) => name))
}
