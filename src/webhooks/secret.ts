import { randomBytes } from 'node:crypto'

/** Standard Webhooks wants 24 to 64. */
const secretBytes = 32

export function newSecret(): Buffer {
  return randomBytes(secretBytes)
}

/** As people and the libraries of Standard Webhooks write it. */
export function secretText(secret: Buffer): string {
  return `whsec_${secret.toString('base64')}`
}
