/** What a key may be for. None contains another. */
export const scopes = ['submit', 'read', 'admin'] as const
export type Scope = (typeof scopes)[number]

/** Whose rows all are while there are no keys, and those of keys that name no owner. */
export const defaultOwner = 'default'
