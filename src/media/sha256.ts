import { createHash } from 'node:crypto'

/** As objects are known by: in their rows, and in their keys. */
export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
