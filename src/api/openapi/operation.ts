import { z } from 'zod'
import type { Scope } from '../../auth/scopes.ts'

/** The parts of the reference, in its order. */
export const tags = {
  Uploads: 'Files on their way into the bucket; their bytes never pass through the API.',
  Session: 'A browser that signed in with a key.',
  Jobs: 'What is to be made of which source.',
  Videos: 'What was submitted, what became of it, and what people may do to it.',
  Progress: 'Server-sent events.',
  Playback: 'HLS, DASH, MP4 and pictures. They lead to signed addresses of the store, or to the CDN.',
  Webhooks: 'Whom to tell when a video is over, and the log of it.',
  System: 'Workers, queue, and the health of this process.',
  Pages: 'The web app, the bare player and this reference.',
} as const

/** What a key with each scope may do. */
export const scopeWords: Readonly<Record<Scope, string>> = {
  submit: 'make uploads and jobs, and change or remove videos',
  read: 'look at videos, follow and play them',
  admin: 'look at the whole system',
}

export type Answer = {
  about: string
  /** The schema of a JSON body; tests parse each answer with it. */
  json?: z.ZodType
  /** The content type of any other body. */
  type?: string
  /** What each header that is worth knowing says. */
  headers?: Readonly<Record<string, string>>
  example?: unknown
}

/**
 * One method of one address, all that the reference says of it. What follows from the rest is filled in by
 * `problemsOf`: a body may be no JSON, an id may be no UUID, a neighbour may be away.
 */
export type Operation = {
  /** The name that generated clients call it by. */
  id: string
  method: 'get' | 'post' | 'patch' | 'delete'
  /** As a reader spells it: `/videos/{id}`. */
  path: string
  tag: keyof typeof tags
  summary: string
  about?: string
  /** What a key must be for; `any`: a key is enough; null: for everybody. */
  scope: Scope | 'any' | null
  /** The token of a link to the video in its path will do. */
  link?: true
  /** The neighbours without which there is no answer. */
  asks: readonly ('database' | 'storage')[]
  /** Schemas of what stands in braces; `id` is a UUID unless told. */
  params?: Readonly<Record<string, z.ZodType>>
  /** The very schema that the route parses its query with. */
  query?: z.ZodObject
  /** Takes an `Idempotency-Key`. */
  once?: true
  /** The very schema that the route parses its body with. */
  body?: { schema: z.ZodType; required: boolean; example?: unknown }
  answers: Readonly<Record<number, Answer>>
  /** Codes of problems that do not follow from the rest. */
  problems?: readonly string[]
  /** Codes that mean 409 here, whatever they mean elsewhere: what is thrown as a `Conflict`. */
  conflicts?: readonly string[]
  /** It may look at a source, with all that can be wrong with one. */
  looks?: true
}

/** Names what is in braces. */
export function paramsOf({ path }: Pick<Operation, 'path'>): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/** What JSON makes of a value: times become text. */
type AsJson<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? AsJson<Item>[]
    : T extends object
      ? { [Name in keyof T]: AsJson<T[Name]> }
      : T

/** A schema of what a route sends: the compiler refuses one that lacks a field of it or has another type. */
export function schemaOf<Sent>() {
  return <Schema extends z.ZodType<AsJson<Sent>>>(schema: Schema): Schema => schema
}

/** ISO 8601 in UTC, or as PostgreSQL writes it in JSON, with an offset. */
export const timeSchema = z.iso.datetime({ offset: true })
export const countSchema = z.int().nonnegative()
export const secondsSchema = z.number()
export const bpsSchema = z.int().nonnegative().describe('bits a second')
export const idSchema = z.uuid()

export const replayedHeader = { 'Idempotency-Replayed': '`true` where the key was answered before' }
