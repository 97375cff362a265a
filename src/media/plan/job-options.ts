/** What a submitter may ask for beyond the source: fields of `POST /jobs`, stored in `videos.options`. */
import { z } from 'zod'
import { profileNameSchema } from './profiles.ts'

export const jobOptionsSchema = z.object({
  profile: profileNameSchema.default('default').describe('a name that `GET /profiles` lists'),
  per_title: z
    .boolean()
    .default(false)
    .describe(
      'fit the ladder to the content: sampled seconds tell what each rung needs and which add nothing',
    ),
  quality: z
    .boolean()
    .default(false)
    .describe(
      'measure each rung against the source after the encode: SSIM, PSNR, and VMAF where it can be told',
    ),
  allow_partial: z
    .boolean()
    .default(false)
    .describe('keep what there is of a truncated or damaged source, with a warning, instead of failing'),
})
export type JobOptions = z.infer<typeof jobOptionsSchema>
