import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ApiUnderTest, putObject, startApi } from './api-under-test.ts'

let api: ApiUnderTest
let key: string
beforeAll(async () => {
  api = await startApi()
  key = await putObject(api, 'source/film', 'a film')
})
afterAll(() => api[Symbol.asyncDispose]())

const submit = (fields: object, headers = {}) =>
  api.ask('/jobs', { json: { source: { key }, ...fields }, headers })

test('the profiles are listed with what each makes', async () => {
  const { status, body } = await api.ask('/profiles')
  expect(status).toBe(200)
  expect(body.profiles.map((profile: { name: string }) => profile.name)).toEqual([
    'default',
    'hevc',
    'av1',
    'audio',
  ])
  expect(body.profiles[0]).toMatchObject({
    description: expect.any(String),
    video: { codec: 'h264', preset: 'veryfast', crf: 23 },
    audio: { codec: 'aac', bitrate_bps: 128_000 },
  })
  expect(body.profiles[0].video.rungs).toContainEqual({ name: '720p', max_bitrate_bps: 2_800_000 })
  expect(body.profiles[3].video).toBeNull()
})

test('a job keeps the profile that it names, and has the default one without', async () => {
  for (const [asked, kept] of [
    [{}, 'default'],
    [{ profile: 'av1' }, 'av1'],
  ] as const) {
    const { status, body } = await submit(asked)
    expect(status).toBe(201)
    expect((await api.ask(`/videos/${body.id}`)).body.options.profile).toBe(kept)
  }
})

test.each(['vp9', 'constructor', '__proto__', '', 'a b', 'x'.repeat(41), 7, null, { name: 'av1' }])(
  'the profile %j is refused, and nothing is stored',
  async (profile) => {
    const before = await api.sql`select count(*) from videos`
    const { status, body } = await submit({ profile })
    expect(status).toBe(422)
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'profile' }] })
    if (profile === 'vp9') expect(body.errors[0].message).toBe('must be one of default, hevc, av1, audio')
    expect(await api.sql`select count(*) from videos`).toEqual(before)
  },
)
