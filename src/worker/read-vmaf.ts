import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { vmafLog } from '../media/argv/vmaf-args.ts'
import { createVmafReader, type Vmaf } from '../media/checks/vmaf.ts'

/** The VMAF of a rung from the log that ffmpeg left in `folder`; throws as `createVmafReader`. */
export async function readVmaf(folder: string, index: number, frames: number): Promise<Vmaf> {
  const reader = createVmafReader()
  await using log = await open(join(folder, vmafLog(index)))
  for await (const line of log.readLines()) reader.line(line)
  return reader.finish(frames)
}
