import { z } from 'zod'
import { scopes } from '../../auth/scopes.ts'
import { signInSchema } from '../session.ts'
import { type Operation, timeSchema } from './operation.ts'

const sessionSchema = z
  .strictObject({
    key_id: z.string().nullable().describe('null without keys'),
    owner: z.string().nullable().describe('whose videos these are; null for who is not signed in'),
    scopes: z.array(z.enum(scopes)),
    expires_at: timeSchema.nullable(),
  })
  .meta({ id: 'Session' })

export const sessionOperations: Operation[] = [
  {
    id: 'signIn',
    method: 'post',
    path: '/session',
    tag: 'Session',
    summary: 'Get a cookie for a key',
    about: 'No script can read the cookie. It ends after `SESSION_KEEP_S`, or with its key.',
    scope: null,
    asks: ['database'],
    body: { schema: signInSchema, required: true },
    answers: {
      200: {
        about: 'Signed in, or there are no keys',
        json: sessionSchema,
        headers: { 'Set-Cookie': 'the session' },
      },
    },
    problems: ['unauthenticated'],
  },
  {
    id: 'getSession',
    method: 'get',
    path: '/session',
    tag: 'Session',
    summary: 'Ask who is signed in',
    scope: null,
    asks: ['database'],
    answers: { 200: { about: 'Whoever it is, or nobody', json: sessionSchema } },
  },
  {
    id: 'signOut',
    method: 'delete',
    path: '/session',
    tag: 'Session',
    summary: 'Forget the cookie',
    scope: null,
    asks: [],
    body: { schema: z.strictObject({}), required: false },
    answers: { 204: { about: 'Forgotten' } },
  },
]
