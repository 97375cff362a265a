/** What may happen in a run of the model, by the switches of docs/model/state.pml; `live`: also that all ends. */
export type Scope = { name: string; size: 'small' | 'large'; switches: Switches; live?: true }
type Switches = Record<string, number | true>

/** One break of the protocol and the scope in which it must be caught. */
export type Mutant = { name: string; breaks: string; switches: Switches }

const small = (name: string, switches: Switches, live?: true): Scope => ({
  name,
  size: 'small',
  switches,
  ...(live && { live }),
})
const large = (name: string, switches: Switches, live?: true): Scope => ({
  ...small(name, switches, live),
  size: 'large',
})

export const scopes: readonly Scope[] = [
  small('no faults', { COLLECTING: true, SEGMENTS_B: 2 }),
  small('crashes', { CRASHES: 2 }),
  small('poison', { ZOMBIES: 2, CRASH_LIMIT: 2 }),
  small('crash and zombie', { CRASHES: 1, ZOMBIES: 1 }),
  small('flush', { FLUSHES: 1, SPURIOUS: 1 }),
  small('death', { DEATHS: 1, ZOMBIES: 1 }),
  small('lost replies', { LOST_REPLIES: 2, CRASHES: 1 }),
  small('ambiguous commits', { AMBIGUOUS: 2 }),
  small('releases', { RELEASES: 1, ZOMBIES: 1 }),
  small('pauses', { PAUSES: 2, LOST_REPLIES: 1 }),
  small('failure and retry', { FAILURES: 1, RETRIES: 1 }),
  small('cancel and retry', { CANCELS: 1, RETRIES: 1 }),
  small('bad pieces', { CANCELS: 1, RETRIES: 1, BAD_PIECES: 1 }),
  small('expiry', { FAILURES: 1, RETRIES: 1, EXPIRIES: 1 }),
  small('replan', { REPLANS: 1, ZOMBIES: 1 }),
  small('delete', { DELETES: 1, CRASHES: 1, ZOMBIES: 1 }),
  small('drain', { DRAINS: 1, LOST_REPLIES: 1, RELEASES: 1 }),
  small('take-back', { TAKE_BACKS: 1, CRASHES: 1 }),
  small('submit announces', { SUBMIT_ANNOUNCES: true, RELEASES: 1 }),
  small('fetch', { FETCHING: true, CRASHES: 1 }),
  small('collection and zombie', { COLLECTING: true, ZOMBIES: 1 }),
  small('one process', { ONE_PROCESS: true, CRASHES: 1 }),
  small('ends after a crash', { CRASHES: 1 }, true),
  large('crashes and zombie', { CRASHES: 2, ZOMBIES: 1, SEGMENTS_B: 2 }),
  large('crash, cancel and retry', { CRASHES: 1, CANCELS: 1, RETRIES: 1 }),
  large('zombie, failure and retry', { ZOMBIES: 1, FAILURES: 1, RETRIES: 1 }),
  large('crash, ambiguous commit, zombie', { CRASHES: 1, AMBIGUOUS: 1, ZOMBIES: 1 }),
  large('crash and flush', { CRASHES: 1, FLUSHES: 1, SPURIOUS: 1 }),
  large('drain and crash', { DRAINS: 1, CRASHES: 1, TAKE_BACKS: 1 }),
  large('collection, crash and zombie', { COLLECTING: true, CRASHES: 1, ZOMBIES: 1 }),
  large('collection, expiry and retry', { COLLECTING: true, CANCELS: 1, RETRIES: 1, EXPIRIES: 1 }),
  large('one process, crash and zombie', { ONE_PROCESS: true, CRASHES: 1, ZOMBIES: 1 }),
  large('ends after a zombie', { ZOMBIES: 1 }, true),
  large('ends after a flush', { FLUSHES: 1 }, true),
]

const mutant = (name: string, breaks: string, switches: Switches): Mutant => ({ name, breaks, switches })

export const mutants: readonly Mutant[] = [
  mutant('GUARD_WITHOUT_FENCE', 'writes ask for the state only, not for the fence', { ZOMBIES: 1 }),
  mutant('GUARD_BY_SELECT', 'the fence of a segment is read, not locked by an UPDATE', { ZOMBIES: 1 }),
  mutant('CLAIM_KEEPS_FENCE', 'a claim does not raise the fence', { AMBIGUOUS: 1, RELEASES: 1 }),
  mutant('COUNT_BEFORE_LOCK', 'what comes next goes by a count from before the lock', {}),
  mutant('LAST_SEGMENT_APART', 'the last segment is committed before its task is done', { CRASHES: 1 }),
  mutant('NO_RECONCILER', 'lost hints are not replaced', { FLUSHES: 1 }),
  mutant('NO_SWEEP', 'nobody looks for own pending entries', { LOST_REPLIES: 1 }),
  mutant('ACK_BEFORE_CLAIM', 'an entry is settled before its claim is committed', {}),
  mutant('MARK_WITHOUT_LOCK', 'the dispatcher marks rows that it did not lock', { RELEASES: 1 }),
  mutant('LATE_MARK', "the API's mark does not ask whether the task ran meanwhile", {
    SUBMIT_ANNOUNCES: true,
    RELEASES: 1,
  }),
  mutant('LATE_TASK_ANNOUNCED', 'a task is announced before its time', { RELEASES: 1 }),
  mutant('SETTLE_BEFORE_TAKE_BACK', 'a taken-back entry goes before its mark', { TAKE_BACKS: 1, CRASHES: 1 }),
  mutant('SETTLE_BEFORE_RETURN', "a drain's entries go before their marks", { DRAINS: 1 }),
  mutant('HINTS_RETURNED_EARLY', 'a drain returns its hints while its reader still reads', { DRAINS: 1 }),
  mutant('CANCEL_AS_FLAG', 'a cancellation waits for a worker to agree', { CANCELS: 1 }),
  mutant('RETRY_KEEPS_FINISH', 'a retry keeps the finish of the run before', { CANCELS: 1, RETRIES: 1 }),
  mutant('EXPIRY_KEEPS_COUNT', 'expired pieces go on counting', { CANCELS: 1, EXPIRIES: 1 }),
  mutant('COLLECTED_BY_AGE', 'what no row names is collected although its task runs', { COLLECTING: true }),
  mutant('FIXED_MANIFEST', 'a manifest lies under the same key in every run', {
    COLLECTING: true,
    ZOMBIES: 1,
  }),
]

export function describeSwitches(switches: Switches): string {
  const named = Object.entries(switches).map(([name, value]) => (value === true ? name : `${name}=${value}`))
  return named.join(' ')
}

export function switchFlags(switches: Switches): string[] {
  return Object.entries(switches).map(([name, value]) =>
    value === true ? `-D${name}` : `-D${name}=${value}`,
  )
}
