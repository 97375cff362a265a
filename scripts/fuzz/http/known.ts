import type { FuzzRequest } from './request.ts'

/** Stand in known requests for what is made anew in each round; `fill` puts it there. */
export const placeholderNames = ['key', 'session', 'token', 'delivery'] as const
export const placeholders = {
  key: '@key@',
  session: '@session@',
  token: '@token@',
  delivery: '@delivery@',
} as const

const id = '0198c4e2-0000-7000-8000-000000000000'
const json = ['Content-Type', 'application/json'] as const
const metadata = { course: 'maths', 'two words': ['a', 'b'], deep: { er: { yet: 'text' } } }
const cookie = ['Cookie', `stepladder_session=${placeholders.session}`] as const

/** Good requests that no example shows: of names that our videos have, and of other ways to say who asks. */
export const knownRequests: readonly FuzzRequest[] = [
  get(`/videos/${id}/hls/360p.m3u8`),
  get(`/videos/${id}/hls/audio-0.m3u8`),
  get(`/videos/${id}/mp4/360p`),
  get(`/videos/${id}/sprites/0.jpg`),
  get(`/videos/${id}/sprites/0~${placeholders.token}.jpg`),
  get(`/videos/${id}/hls/master.m3u8?token=${placeholders.token}`),
  get(`/videos/${id}/hls/360p.m3u8?g=1&token=${placeholders.token}`),
  get(`/videos/${id}/dash/manifest.mpd?token=${placeholders.token}`),
  get(`/progress/${id}?token=${placeholders.token}`),
  get(`/progress?ids=${id},${id}`),
  get(`/videos?ids=${id},${id}&full=true`),
  get('/videos?q=film&status=queued&limit=2'),
  get('/videos?limit=5', [cookie]),
  get('/session', [cookie]),
  post('/session', { key: placeholders.key }),
  { ...post('/session', {}), method: 'DELETE', headers: [json, cookie] },
  post('/probe', { source: { key: 'source/film' } }),
  post('/jobs?dry_run=true', { source: { key: 'source/film' }, per_title: true, quality: true }),
  post('/jobs', { source: { key: 'source/film' }, title: 'Film', metadata: { a: [1, { b: null }] } }),
  post('/jobs', { source: { key: 'source/fuzz' }, title: 'A film', metadata }),
  post('/jobs', { source: { url: 'https://example.org/a?b=c' }, title: 'B', metadata, priority: 'low' }),
  post('/uploads', { filename: 'a.mp4', size_bytes: 1000, content_type: 'video/mp4' }),
  post(`/uploads/${id}/sign`, { method: 'PUT' }),
  post(`/uploads/${id}/sign`, { method: 'PUT', upload_id: 'ZGVhZGJlZWY', part_number: 7 }),
  post(`/webhooks/${id}/deliveries/${placeholders.delivery}/redeliver`, {}),
  { ...post(`/webhooks/${id}`, { events: ['video.completed'], disabled: false }), method: 'PATCH' },
  get('/web/base/dom.js'),
  get('/web/base/style.css'),
  get('/vendor/uplot.js'),
]

function get(target: string, headers: FuzzRequest['headers'] = []): FuzzRequest {
  return { method: 'GET', target, headers, body: null, chunked: false }
}

function post(target: string, body: object): FuzzRequest {
  const bytes = Buffer.from(JSON.stringify(body))
  return { method: 'POST', target, headers: [json], body: bytes, chunked: false }
}
