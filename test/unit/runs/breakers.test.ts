import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PermanentError, TransientError } from '../../../src/errors.ts'
import { createLog } from '../../../src/log.ts'
import { createBreakers, type Need, type Probe } from '../../../src/runs/breakers.ts'

const never = new AbortController().signal
let stop: AbortController
beforeEach(() => {
  stop = new AbortController()
})
afterEach(() => stop.abort())

function breakers(probes: Partial<Record<Need, Probe>>) {
  const log = createLog('test', 'silent')
  const lines: string[] = []
  for (const level of ['warn', 'info'] as const) {
    vi.spyOn(log, level).mockImplementation((...args: unknown[]) => lines.push(args.map(String).join(' ')))
  }
  const onChange = vi.fn<() => void>()
  return { ...createBreakers({ probes, log, stopped: stop.signal, onChange }), lines, onChange }
}

const noStore = () => new TransientError('storage_unavailable', 'no store')
const noDisk = () => new TransientError('out_of_disk', 'no room')

test('evidence opens a breaker once, and the first probe that succeeds closes it', async () => {
  const answers = [false, false, true]
  const probe = vi.fn<Probe>(() => (answers.shift() ? Promise.resolve() : Promise.reject(noStore())))
  const { report, missing, allClosed, lines, onChange } = breakers({ storage: probe })
  expect(missing()).toEqual([])
  for (let times = 0; times < 5; times++) report(noStore())
  expect(missing()).toEqual(['storage'])
  await allClosed(never)
  expect(missing()).toEqual([])
  expect(probe).toHaveBeenCalledTimes(3)
  expect(lines).toHaveLength(2)
  expect(onChange).toHaveBeenCalledTimes(2)
})

test('all of them must be closed', async () => {
  const disk = Promise.withResolvers<void>()
  const { report, missing, allClosed } = breakers({ storage: async () => {}, scratch: () => disk.promise })
  report(noDisk())
  report(noStore())
  expect(missing()).toEqual(['scratch', 'storage'])
  const begun = vi.fn<() => void>()
  const waiting = allClosed(never).then(begun)
  await vi.waitFor(() => expect(missing()).toEqual(['scratch']), 5_000)
  expect(begun).not.toHaveBeenCalled()
  disk.resolve()
  await waiting
})

test.each<[Need, Error]>([
  ['database', Object.assign(new Error('closed'), { code: 'CONNECTION_CLOSED' })],
  ['redis', new Error('Command timed out')],
  ['redis', Object.assign(new Error('MISCONF no disk'), { name: 'ReplyError' })],
  ['storage', noStore()],
  ['scratch', noDisk()],
])('%s is missed after: %s', (need, error) => {
  const probe = () => Promise.reject(error)
  const { report, missing } = breakers({ database: probe, redis: probe, storage: probe, scratch: probe })
  report(error)
  expect(missing()).toEqual([need])
})

test('what is wrong with the work itself opens nothing, nor does a need that nobody has here', () => {
  const { report, missing } = breakers({ storage: async () => {} })
  report(new PermanentError('corrupt_input', 'broken'))
  report(new Error('whatever'))
  report(noDisk())
  expect(missing()).toEqual([])
})

test('one that was closed too early waits longer the next time', async () => {
  const { report, allClosed } = breakers({ storage: async () => {} })
  const waited: number[] = []
  for (let times = 0; times < 2; times++) {
    const from = performance.now()
    report(noStore())
    await allClosed(never)
    waited.push(performance.now() - from)
  }
  expect(waited[1]).toBeGreaterThan((waited[0] ?? 0) * 1.5)
})

test('whoever waits is let go by a drain', async () => {
  const { report, allClosed, missing } = breakers({ storage: () => Promise.reject(noStore()) })
  report(noStore())
  const drain = new AbortController()
  const waiting = allClosed(drain.signal)
  drain.abort()
  await waiting
  expect(missing()).toEqual(['storage'])
})
