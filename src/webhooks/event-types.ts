/** What an endpoint can ask to be told of. */
export const eventTypes = ['video.completed', 'video.failed', 'video.cancelled', 'webhook.disabled'] as const
export type EventType = (typeof eventTypes)[number]

/** What it is told of unless it says. */
export const videoEvents = eventTypes.filter((type) => type.startsWith('video.'))

/** Sent when a person asks for it, to one endpoint, whatever that asked to be told of. */
export const testType = 'webhook.test'
