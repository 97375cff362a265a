import { type Check, ok, warning } from './check.ts'

/** `confinement` as `openSandbox` tells; `because` is why it is not `store`. */
export function checkSandbox({
  confinement,
  because,
}: {
  confinement: 'store' | 'files' | 'none'
  because: string
}): Check {
  if (confinement === 'store') return ok('ffmpeg and ffprobe are boxed in and reach the store alone')
  if (confinement === 'files') {
    return ok(`ffmpeg and ffprobe see their scratch alone, but reach what this process reaches: ${because}`)
  }
  if (because === 'SANDBOX is off') return ok('ffmpeg and ffprobe are not boxed in: SANDBOX is off')
  return warning(
    `ffmpeg and ffprobe are not boxed in: ${because}`,
    'install bubblewrap, or set SANDBOX=off where a container or unit confines them',
  )
}
