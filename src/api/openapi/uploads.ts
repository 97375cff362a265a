import { z } from 'zod'
import { signRequestSchema, uploadRequestSchema } from '../upload-request.ts'
import { countSchema, idSchema, type Operation, replayedHeader, timeSchema } from './operation.ts'

const id = '0198c4e2-5b0f-7c11-8a20-6c0d2e4f8a01'
const key = `source/${id}`
const url = `http://127.0.0.1:9000/videos/${key}?X-Amz-Signature=…`
const expires_at = '2026-05-04T11:00:00.000Z'
const stateSchema = z.enum(['waiting', 'uploaded', 'expired'])
const signedUrlSchema = z.url().describe('whoever has it may write the object until it runs out')
const sizeSchema = countSchema.nullable().describe('as it was announced')

const begunSchema = z
  .strictObject({
    id: idSchema,
    key: z.string().describe('what a job names as its source'),
    url: signedUrlSchema,
    method: z.literal('PUT'),
    headers: z.record(z.string(), z.string()).describe('to be sent with the bytes'),
    expires_at: timeSchema,
    state: stateSchema,
    filename: z.string().nullable(),
    size_bytes: sizeSchema,
  })
  .meta({ id: 'BegunUpload' })

const signedSchema = z
  .strictObject({
    method: z.enum(['PUT', 'POST', 'GET', 'DELETE']),
    url: signedUrlSchema,
    key: z.string(),
    expires_at: timeSchema,
  })
  .meta({ id: 'SignedRequest' })

const uploadSchema = z
  .strictObject({
    id: idSchema,
    key: z.string(),
    filename: z.string().nullable(),
    size_bytes: sizeSchema,
    content_type: z.string().nullable(),
    state: stateSchema,
    stored_bytes: countSchema.nullable().describe('null while the store has no such object'),
    created_at: timeSchema,
    expires_at: timeSchema,
    videos: z.array(idSchema).describe('made of it, the latest first, 100 at most'),
  })
  .meta({ id: 'Upload' })

export const uploadOperations: Operation[] = [
  {
    id: 'beginUpload',
    method: 'post',
    path: '/uploads',
    tag: 'Uploads',
    summary: 'Begin an upload',
    about:
      'Answers with an address for one PUT of the whole file. All fields may be left out, and so may the body.',
    scope: 'submit',
    asks: ['database'],
    once: true,
    body: {
      schema: uploadRequestSchema.meta({ id: 'UploadRequest' }),
      required: false,
      example: { filename: 'film.mp4', size_bytes: 73_400_320, content_type: 'video/mp4' },
    },
    answers: {
      201: {
        about: 'The upload and its first address',
        json: begunSchema,
        headers: { Location: 'the address of the upload', ...replayedHeader },
        example: {
          id,
          key,
          url,
          method: 'PUT',
          headers: {},
          expires_at,
          state: 'waiting',
          filename: 'film.mp4',
          size_bytes: 73_400_320,
        },
      },
    },
    problems: ['empty_source', 'source_too_large', 'too_many_uploads'],
  },
  {
    id: 'signUploadRequest',
    method: 'post',
    path: '/uploads/{id}/sign',
    tag: 'Uploads',
    summary: 'Sign one more request of an upload',
    about:
      'One of six operations: PUT (the whole), POST (begin parts), PUT with `upload_id` and `part_number`, and GET, POST and DELETE with `upload_id` (list, complete and abort). Each signature keeps the upload alive.',
    scope: 'submit',
    asks: ['database'],
    body: {
      schema: signRequestSchema.meta({ id: 'SignRequest' }),
      required: true,
      example: { method: 'PUT', upload_id: 'ZGVhZGJlZWY', part_number: 1 },
    },
    answers: {
      200: {
        about: 'The signed address',
        json: signedSchema,
        example: { method: 'PUT', url, key, expires_at },
      },
    },
    problems: ['upload_not_found', 'upload_expired', 'upload_in_use'],
  },
  {
    id: 'getUpload',
    method: 'get',
    path: '/uploads/{id}',
    tag: 'Uploads',
    summary: 'Tell whether an upload is there',
    scope: 'submit',
    asks: ['database', 'storage'],
    answers: {
      200: {
        about: 'The upload',
        json: uploadSchema,
        example: {
          id,
          key,
          filename: 'film.mp4',
          size_bytes: 73_400_320,
          content_type: 'video/mp4',
          state: 'uploaded',
          stored_bytes: 73_400_320,
          created_at: '2026-05-04T10:00:00.000Z',
          expires_at: '2026-05-05T10:00:00.000Z',
          videos: [],
        },
      },
    },
    problems: ['upload_not_found'],
  },
  {
    id: 'deleteUpload',
    method: 'delete',
    path: '/uploads/{id}',
    tag: 'Uploads',
    summary: 'Give an upload up',
    about: 'Its parts and its object are removed, unless a video names it.',
    scope: 'submit',
    asks: ['database'],
    body: { schema: z.strictObject({}), required: false },
    answers: { 204: { about: 'Given up' } },
    problems: ['upload_not_found', 'upload_in_use'],
  },
]
