/** What a submitter may ask for beyond the source: fields of `POST /jobs`, stored in `videos.options`. */
import { z } from 'zod'
import { profileNameSchema } from './profiles.ts'

export const jobOptionsSchema = z.object({
  /** A profile's name (`GET /profiles`). */
  profile: profileNameSchema.default('default'),
  /** Fit the ladder to the content: sampled seconds tell what each rung needs and which add nothing. */
  per_title: z.boolean().default(false),
  /** Measure each rung against the source (SSIM, PSNR, VMAF where it can be told) after the encode. */
  quality: z.boolean().default(false),
  /** Keep what there is of a truncated or damaged source, with a warning, instead of failing. */
  allow_partial: z.boolean().default(false),
})
export type JobOptions = z.infer<typeof jobOptionsSchema>
