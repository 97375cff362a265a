import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { judgeClock } from '../../../src/cli/doctor/clock.ts'
import { judgeCors } from '../../../src/cli/doctor/cors.ts'
import { checkScratch } from '../../../src/cli/doctor/scratch.ts'
import { judgeVersion } from '../../../src/health/ffmpeg.ts'

test.for([
  [0, 'ok', /agrees/],
  [4_900, 'ok', /agrees/],
  [-6_000, 'warning', /6 s behind/],
  [60_000, 'warning', /60 s ahead of/],
  [16 * 60_000, 'failed', /signed addresses are refused/],
] as const)('a clock that is %i ms off is %s', ([offMs, status, words]) => {
  const looked = { beforeMs: 1_000_000, remoteMs: 1_000_050 + offMs, afterMs: 1_000_100 }
  expect(judgeClock('the store', looked)).toMatchObject({ status, message: expect.stringMatching(words) })
})

test.for([
  ['5.1.9-0+deb12u1', 'warning'],
  ['5.1.10', 'ok'],
  ['4.4.2-0ubuntu0.22.04.1', 'failed'],
  ['5.0.3', 'failed'],
  ['6.1.1-3ubuntu5', 'warning'],
  ['n7.1.5', 'ok'],
  ['7.0', 'warning'],
  ['8.1.2', 'ok'],
  ['9.0', 'ok'],
  ['N-118000-g1234567', 'ok'],
] as const)('ffmpeg %s is %s', ([version, status]) => {
  expect(judgeVersion(version).status).toBe(status)
})

const origin = 'http://video.example.com'
const good = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, PUT',
  'access-control-expose-headers': 'ETag',
}

test.for([
  ['all that is needed', good, 'ok', /may read/],
  ['no word of CORS', {}, 'failed', /nothing plays/],
  ['another origin', { ...good, 'access-control-allow-origin': 'http://other' }, 'failed', /nothing plays/],
  ['GET alone', { ...good, 'access-control-allow-methods': 'GET' }, 'failed', /no page .* upload/],
  ['no ETag', { ...good, 'access-control-expose-headers': 'Date' }, 'failed', /hides ETag/],
] as const)('a store that allows %s', ([, headers, status, words]) => {
  const answer = new Response(null, { headers })
  expect(judgeCors(origin, answer, answer)).toMatchObject({ status, message: expect.stringMatching(words) })
})

test('scratch that is not there yet is judged by the disk it will lie on, and stays unmade', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-doctor-'))
  const scratch = join(folder, 'a', 'b')
  try {
    expect((await checkScratch(scratch, 1)).status).toBe('ok')
    expect(await checkScratch(scratch, 2 ** 60)).toMatchObject({ status: 'failed', fix: expect.any(String) })
    await expect(checkScratch(join(folder, 'a'), 1)).resolves.toMatchObject({ status: 'ok' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
