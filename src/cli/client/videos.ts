import { z } from 'zod'
import { type ApiRequest, askApi } from './request.ts'
import { type Video, type VideoDetail, videoDetailSchema, videoSchema } from './video.ts'

/** Which API, and when to give up. */
export type Reach = Pick<ApiRequest, 'baseUrl' | 'key' | 'signal'>
/** The same; an address alone is that of an API without keys. */
export type Api = string | KeyedApi
type KeyedApi = Pick<ApiRequest, 'baseUrl' | 'key'>

export function reachOf(api: Api): KeyedApi {
  return typeof api === 'string' ? { baseUrl: api } : { baseUrl: api.baseUrl, key: api.key }
}

const pageSchema = z.object({ videos: z.array(videoSchema), next_cursor: z.string().nullable() })
export type VideoPage = z.infer<typeof pageSchema>

/** `GET /videos/{id}`. */
export async function getVideo(api: Api, videoId: string, signal?: AbortSignal): Promise<Video> {
  return askApi(videoSchema, { ...reachOf(api), signal, path: pathOf(videoId) })
}

/** `GET /videos/{id}` with all that it shows. */
export async function getVideoDetail(reach: Reach, videoId: string): Promise<VideoDetail> {
  return askApi(videoDetailSchema, { ...reach, path: pathOf(videoId) })
}

/** `GET /videos`: one page, the latest video first; `query` has the route's own fields. */
export async function listVideos(reach: Reach, query: Record<string, string>): Promise<VideoPage> {
  return askApi(pageSchema, { ...reach, path: `/videos?${new URLSearchParams(query)}` })
}

/** `POST /videos/{id}/retry` or `/cancel`: the video as it then is. */
export async function changeVideo(reach: Reach, videoId: string, change: 'retry' | 'cancel'): Promise<Video> {
  return askApi(videoSchema, { ...reach, method: 'POST', path: `${pathOf(videoId)}/${change}` })
}

/** `DELETE /videos/{id}`. */
export async function deleteVideo(reach: Reach, videoId: string): Promise<void> {
  await askApi(z.null(), { ...reach, method: 'DELETE', path: pathOf(videoId) })
}

function pathOf(videoId: string): string {
  return `/videos/${encodeURIComponent(videoId)}`
}
