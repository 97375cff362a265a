import { expect, test } from 'vitest'
import { uploadFile } from '../../src/cli/upload/upload-file.ts'
import { clip } from '../support/fixtures.ts'
import { submitFile, untilEnded } from '../support/job-client.ts'
import { createTestSystem } from '../support/system.ts'

const environment = {
  MAX_SOURCE_DURATION_S: '3',
  MAX_SOURCE_PIXELS: '60000',
  MAX_SOURCE_FPS: '50',
  MAX_SOURCE_STREAMS: '3',
}

test('each limit of a source fails its video and its probe with a code of its own, and what is within is made', async () => {
  await using system = await createTestSystem({ environment })
  const sources = {
    too_long: await clip({ seconds: 4 }),
    too_large_picture: await clip({ seconds: 1, width: 426, height: 240 }),
    too_high_frame_rate: await clip({ seconds: 1, fps: 60 }),
    too_many_streams: await clip({ seconds: 1, tones: [200, 300, 400] }),
  }
  for (const [code, path] of Object.entries(sources)) {
    const { id } = await submitFile(system, path)
    expect(await untilEnded(system, id)).toMatchObject({ status: 'failed', error: { code } })
    const key = await uploadFile({ baseUrl: system.baseUrl, path })
    const response = await fetch(`${system.baseUrl}/probe`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source: { key } }),
    })
    expect([response.status, await response.json()]).toMatchObject([422, { code }])
  }
  const { id } = await submitFile(system, await clip({ seconds: 2, fps: 50, tones: [200, 300] }))
  expect(await untilEnded(system, id)).toMatchObject({ status: 'completed' })
})
