import { afterEach, expect, test, vi } from 'vitest'
import { FencedError } from '../../../src/errors.ts'
import { createLog } from '../../../src/log.ts'
import { holdThroughOutage } from '../../../src/runs/hold.ts'

const outage = Object.assign(new Error('closed'), { code: 'CONNECTION_CLOSED' })
const log = createLog('test', 'silent')
const never = new AbortController().signal
afterEach(() => {
  vi.restoreAllMocks()
})

test('a statement is tried again through an outage, which is reported each time', async () => {
  const report = vi.fn<(error: unknown) => void>()
  const answers = [false, false, true]
  const body = () => (answers.shift() ? Promise.resolve('done') : Promise.reject(outage))
  expect(await holdThroughOutage(body, { signal: never, log, report })).toBe('done')
  expect(report.mock.calls).toEqual([[outage], [outage]])
})

test('what is no outage is thrown at once', async () => {
  const body = vi.fn<() => Promise<never>>(() => Promise.reject(new FencedError()))
  await expect(holdThroughOutage(body, { signal: never, log, report: () => {} })).rejects.toThrow(FencedError)
  expect(body).toHaveBeenCalledOnce()
})

test('a run that is ended holds no longer, and says why', async () => {
  const ended = new AbortController()
  const body = () => {
    queueMicrotask(() => ended.abort(new FencedError()))
    return Promise.reject(outage)
  }
  const held = holdThroughOutage(body, { signal: ended.signal, log, report: () => {} })
  await expect(held).rejects.toThrow(FencedError)
})

test('after ten minutes it is given up as an outage, which spends no attempt', async () => {
  const late = Date.now() + 600_001
  const body = () => {
    vi.spyOn(Date, 'now').mockImplementation(() => late)
    return Promise.reject(outage)
  }
  const held = holdThroughOutage(body, { signal: never, log, report: () => {} })
  await expect(held).rejects.toMatchObject({ code: 'database_unavailable', cause: outage })
})
