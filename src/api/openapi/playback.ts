import { z } from 'zod'
import type { Operation } from './operation.ts'

const hls = 'application/vnd.apple.mpegurl'
const toPlay = ['video_not_found', 'not_playable', 'not_playable_yet']
const led = { Location: 'a signed address of the store, or that of the CDN' }

export const playbackOperations: Operation[] = [
  {
    id: 'getMasterPlaylist',
    method: 'get',
    path: '/videos/{id}/hls/master.m3u8',
    tag: 'Playback',
    summary: 'Play a video by HLS, also while it is made',
    scope: 'read',
    asks: ['database'],
    answers: { 200: { about: 'The master playlist', type: hls } },
    problems: toPlay,
  },
  {
    id: 'getMediaPlaylist',
    method: 'get',
    path: '/videos/{id}/hls/{file}',
    tag: 'Playback',
    summary: 'Get the playlist of one rung or track',
    about: 'Its addresses come from the master playlist, with `g`, the generation of the plan.',
    scope: 'read',
    asks: ['database'],
    params: { file: z.string().describe('as in `1080p.m3u8`') },
    query: z.object({ g: z.string().optional().describe('the generation of the plan') }),
    answers: { 200: { about: 'The playlist', type: hls } },
    problems: [...toPlay, 'track_not_found'],
  },
  {
    id: 'getDashManifest',
    method: 'get',
    path: '/videos/{id}/dash/manifest.mpd',
    tag: 'Playback',
    summary: 'Play a completed video by DASH',
    scope: 'read',
    asks: ['database'],
    answers: { 200: { about: 'The manifest', type: 'application/dash+xml' } },
    problems: toPlay,
  },
  {
    id: 'getMp4',
    method: 'get',
    path: '/videos/{id}/mp4/{rung}',
    tag: 'Playback',
    summary: 'Get an MP4',
    scope: 'read',
    asks: ['database'],
    params: { rung: z.string().describe('as in `1080p`') },
    answers: { 302: { about: 'Where it lies', headers: led } },
    problems: ['mp4_not_found'],
  },
]

export const pictureOperations: Operation[] = [
  {
    id: 'getPoster',
    method: 'get',
    path: '/videos/{id}/poster.jpg',
    tag: 'Playback',
    summary: 'Get a picture that stands for a video',
    scope: 'read',
    asks: ['database'],
    answers: { 302: { about: 'Where it lies', headers: led } },
    problems: ['video_not_found', 'picture_not_found'],
  },
  {
    id: 'getStoryboard',
    method: 'get',
    path: '/videos/{id}/storyboard.vtt',
    tag: 'Playback',
    summary: 'Get the small pictures for a seek bar',
    scope: 'read',
    asks: ['database'],
    answers: { 200: { about: 'WebVTT, each cue a part of a sheet', type: 'text/vtt' } },
    problems: ['video_not_found', 'picture_not_found'],
  },
  {
    id: 'getSprites',
    method: 'get',
    path: '/videos/{id}/sprites/{file}',
    tag: 'Playback',
    summary: 'Get a sheet of small pictures',
    scope: 'read',
    asks: ['database'],
    params: { file: z.string().describe('as in `0.jpg`') },
    answers: { 302: { about: 'Where it lies', headers: led } },
    problems: ['video_not_found', 'picture_not_found'],
  },
]
