import { execa } from 'execa'

/** An ffmpeg of the tester's choice; Debian's has no libvmaf. */
export const ffmpegForVmaf: string = process.env.FFMPEG_WITH_VMAF ?? process.env.FFMPEG_PATH ?? 'ffmpeg'

/** By its list of filters, so that a detection that finds nothing is found out. */
export async function listsVmaf(ffmpeg: string): Promise<boolean> {
  const { stdout } = await execa(ffmpeg, ['-hide_banner', '-filters'])
  return / libvmaf +VV->V /.test(stdout)
}
