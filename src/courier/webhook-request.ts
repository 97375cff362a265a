import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { videoLinks } from '../jobs/video-links.ts'
import type { ClaimedDelivery } from '../webhooks/claim.ts'

/** As `tell_of_event` writes it; whatever else is in it is passed on. */
const dataSchema = z.looseObject({
  video: z.looseObject({ id: z.string(), poster: z.boolean(), storyboard: z.boolean() }).optional(),
})

/**
 * Headers and body as Standard Webhooks has them: the id is that of the event and stays the same for every
 * attempt, the time is that of the attempt, and there is a signature for each secret that counts.
 */
export function webhookRequest(
  delivery: ClaimedDelivery,
  now: Date,
): { headers: Record<string, string>; body: string } {
  const id = `msg_${delivery.message_id}`
  const body = JSON.stringify({ type: delivery.type, timestamp: delivery.at, data: shownData(delivery.data) })
  const signatures = delivery.secrets.map((secret) => new Webhook(secret).sign(id, now, body))
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'stepladder',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signatures.join(' '),
    },
    body,
  }
}

function shownData(data: unknown): unknown {
  const { video, ...rest } = dataSchema.parse(data)
  if (!video) return rest
  const { poster, storyboard, ...facts } = video
  return { ...rest, video: { ...facts, links: videoLinks({ id: video.id, poster, storyboard }) } }
}
