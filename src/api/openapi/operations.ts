import { jobOperations } from './jobs.ts'
import { limitOperations, profileOperations } from './offers.ts'
import type { Operation } from './operation.ts'
import { pageOperations } from './pages.ts'
import { pictureOperations, playbackOperations } from './playback.ts'
import { progressOperations } from './progress.ts'
import { runOperations } from './runs.ts'
import { sessionOperations } from './session.ts'
import { healthOperations, systemOperations } from './system.ts'
import { uploadOperations } from './uploads.ts'
import { videoOperations } from './videos.ts'
import { webhookOperations } from './webhooks.ts'

/** Every route of the API, in the order of the reference; a test holds it against the routes of the app. */
export const operations: readonly Operation[] = [
  ...uploadOperations,
  ...jobOperations,
  ...profileOperations,
  ...limitOperations,
  ...videoOperations,
  ...runOperations,
  ...progressOperations,
  ...playbackOperations,
  ...pictureOperations,
  ...webhookOperations,
  ...systemOperations,
  ...healthOperations,
  ...sessionOperations,
  ...pageOperations,
]
