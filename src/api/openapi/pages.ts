import { z } from 'zod'
import type { Operation } from './operation.ts'

const html = 'text/html'

export const pageOperations: Operation[] = [
  {
    id: 'getPage',
    method: 'get',
    path: '/',
    tag: 'Pages',
    summary: 'Get the web app',
    scope: null,
    asks: [],
    answers: { 200: { about: 'HTML', type: html } },
  },
  {
    id: 'getPlayer',
    method: 'get',
    path: '/embed/{id}',
    tag: 'Pages',
    summary: 'Get a bare player of one video, for a frame',
    scope: null,
    asks: [],
    params: { id: z.string().describe('of the video; the player asks for it') },
    answers: { 200: { about: 'HTML', type: html } },
  },
  {
    id: 'getReference',
    method: 'get',
    path: '/docs',
    tag: 'Pages',
    summary: 'Read this reference',
    scope: null,
    asks: [],
    answers: { 200: { about: 'HTML', type: html } },
  },
  {
    id: 'getDocument',
    method: 'get',
    path: '/openapi.json',
    tag: 'Pages',
    summary: 'Get this reference as OpenAPI 3.1',
    scope: null,
    asks: [],
    answers: { 200: { about: 'This document', json: z.looseObject({ openapi: z.literal('3.1.1') }) } },
  },
]
