import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clip } from '../../scripts/clips/clip.ts'
import { fixtureFolder, makeMedia } from '../../scripts/clips/make.ts'
import { submitJob } from '../../src/cli/client/submit.ts'
import { beginUpload } from '../../src/cli/client/uploads.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem, type TestSystem } from '../support/system.ts'

let system: TestSystem
let film: Buffer
beforeAll(async () => {
  system = await createTestSystem({ slots: 2, environment: { RETRY_BASE_MS: '100', MAX_ATTEMPTS: '2' } })
  film = await readFile(await clip({ seconds: 1, width: 128, height: 72 }))
})
afterAll(() => system?.dispose())

/** What ffmpeg, a shell, a URL, a terminal or a path would take for something else. */
const names = [
  '-y.mp4',
  '--help',
  'concat:x|y.mp4',
  'file:x',
  'pipe:0',
  'data:text,x',
  "'; rm -rf ~ #.mp4",
  '$(id) `id`.mp4',
  'a b?c=d#e&f+g.mp4',
  '%2e%2e%2f%00.mp4',
  '%0d%0aHost: example.org',
  '{a,b}[1-9]*%03d.mp4',
  '\u202egpj.mp4',
  '<script>alert(1)</script>.mp4',
  '..mp4',
]

describe('a film whose key, file name and title are', () => {
  test.each(names)('%s is made like any other', async (name) => {
    const key = `source/${name}`
    const { signal } = new AbortController()
    await system.storage.put(key, film, { contentType: 'application/octet-stream', signal })
    const { id } = await submitJob(system.baseUrl, { source: { key }, title: name, metadata: { name } })
    const video = await untilEnded(system, id)
    expect(video).toMatchObject({ status: 'completed', title: name })
    const keys = (await system.storage.list(`processed/${id}/`)).map((object) => object.key)
    expect(keys.length).toBeGreaterThan(3)
    expect(keys.filter((made) => !/^processed\/[\w./-]+$/.test(made))).toEqual([])
    const reach = { baseUrl: system.baseUrl, signal }
    expect((await beginUpload(reach, { filename: name })).key).toMatch(/^source\/[0-9a-f-]{36}$/)
  })
})

describe('a source is refused before a job exists whose key', () => {
  test.each([
    ['climbs', 'source/../../etc/passwd'],
    ['climbs in the middle', 'source/a/../../b'],
    ['climbs by backslashes', 'source/\\..\\x.mp4'],
    ['is absolute', '/etc/passwd'],
    ['has an empty part', 'source//etc/passwd'],
    ['is an address', 'file:///etc/passwd'],
    ['has NUL', 'source/a\0.mp4'],
    ['has a line end', 'source/a\nb.mp4'],
    ['is half a character', 'source/\ud800.mp4'],
    ['is of what was made', 'processed/a'],
    ['is longer than keys are', `source/${'a'.repeat(1100)}`],
  ])('%s', async (_, key) => {
    await expect(submitJob(system.baseUrl, { source: { key } })).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })
})

async function written(name: string, ...parts: (Buffer | string)[]): Promise<string> {
  const path = join(fixtureFolder, `polyglot-${name}`)
  await writeFile(path, Buffer.concat(parts.map((part) => Buffer.from(part))))
  return path
}

const jpeg = async () => {
  const args = ['-f', 'lavfi', '-i', 'testsrc2=size=64x64', '-frames:v', '1']
  return readFile(await makeMedia({ name: 'polyglot', extension: 'jpg', args }))
}
const payload = '<script>alert("stepladder was here")</script>'
const zip = `PK\x03\x04\x14\0\0\0\0\0${payload}`
/** A box that nobody reads. */
function freeBox(text: string): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(8 + text.length)
  head.write('free', 4)
  return Buffer.concat([head, Buffer.from(text)])
}

describe('a file that is two things at once', () => {
  test.each([
    ['a film and an archive', () => written('zip.mp4', film, zip)],
    ['a film and a page', () => written('page.mp4', film, freeBox(payload))],
  ])('%s is the film, of which nothing else is kept', async (_, make) => {
    const { id } = await submitFile(system, await make())
    expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
    for (const { key } of await system.storage.list(`processed/${id}/`)) {
      const bytes = Buffer.from(await new Response(await download(key)).arrayBuffer())
      expect({ key, found: bytes.includes('stepladder was here') }).toEqual({ key, found: false })
    }
  })

  test.each([
    ['a picture and a film', async () => written('jpeg.mp4', await jpeg(), film)],
    ['a page and a film', () => written('html.mp4', `<!doctype html>${payload}`, film)],
    ['a script and a film', () => written('script.mp4', '#!/bin/sh\nid\n', film)],
    ['a document and a film', () => written('pdf.mp4', '%PDF-1.7\n', film)],
    ['a list and a film', () => written('list.mp4', '#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n', film)],
  ])('%s is a film or nothing', async (_, make) => {
    const { id } = await submitFile(system, await make())
    const video = await untilEnded(system, id)
    if (video.status === 'completed') expect(video.resolutions).toHaveLength(1)
    else
      expect(video.error?.code).toMatch(
        /^(unsupported_container|unsupported_codec|corrupt_input|truncated_input)$/,
      )
  })
})

async function download(key: string): Promise<ReadableStream | null> {
  const response = await fetch(await system.storage.presignRead(key))
  expect(response.status).toBe(200)
  return response.body
}
