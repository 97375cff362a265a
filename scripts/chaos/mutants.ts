/** A part of the tests, as arguments of vitest. */
export type Watch = readonly string[]

export type Mutant = {
  /** As `--only` has it. */
  name: string
  /** What is taken away. */
  about: string
  /** Each text must be there, or the mutant is out of date; every occurrence is replaced. */
  edits: readonly { file: string; find: string; replace: string }[]
  /** Who must notice: the first of these to fail has caught it. */
  watches: readonly Watch[]
}

const row = (file: 'workers' | 'faults', name: string): Watch => ['--project', 'chaos', file, '-t', name]
const directed = (...files: string[]): Watch => [
  '--project',
  'integration',
  ...files.map((file) => `test/integration/${file}.test.ts`),
]

const guard = `and fence = \${owned.fence} and state = 'running'`
const unguarded = "and state = 'running'"
const guarded = ['beat', 'commit-segment', 'end-run', 'fail', 'release'] as const

/** What the promises rest on, taken away one at a time. */
export const mutants: readonly Mutant[] = [
  {
    name: 'fence',
    about: 'the fence clause, in every write of an owner',
    edits: guarded.map((name) => ({ file: `src/jobs/${name}.ts`, find: guard, replace: unguarded })),
    watches: [row('workers', 'pause-worker'), directed('jobs/two-sessions-ends', 'jobs/two-sessions-hints')],
  },
  ...guarded.map((name) => ({
    name: `fence-${name}`,
    about: `the fence clause in src/jobs/${name}.ts alone`,
    edits: [{ file: `src/jobs/${name}.ts`, find: guard, replace: unguarded }],
    watches: [directed('jobs/two-sessions-ends', 'jobs/two-sessions-hints', 'jobs/complete', 'jobs/claim')],
  })),
  {
    name: 'own-pending-sweep',
    about: 'the sweep of entries that were delivered to this worker and never claimed',
    edits: [{ file: 'src/worker/loop.ts', find: '      await sweepOwnPending()\n', replace: '' }],
    watches: [row('workers', 'failpoints')],
  },
  {
    name: 'reconciler',
    about: 'the reconciler, which replaces hints that nobody claimed',
    edits: [
      {
        file: 'src/worker/maintenance.ts',
        find: 'reconcileHints(sql, config.RECONCILE_MS)',
        replace: 'Promise.resolve(reconcileHints && 0)',
      },
    ],
    watches: [row('faults', 'flushall'), row('faults', 'redis-empty')],
  },
  {
    name: 'heartbeat-guard',
    about: 'the guard in the Lua script that keeps a running task’s entry young',
    edits: [{ file: 'src/queue/refresh.lua', find: 'if #mine == 0 then return 0 end\n', replace: '' }],
    watches: [directed('queue/stream')],
  },
  {
    name: 'xack-at-read',
    about: 'the order of claim and XACK: the entry goes as soon as it is read',
    edits: [
      {
        file: 'src/worker/loop.ts',
        find: "      context.reach('read')\n",
        replace: "      await context.stream.settle([entry.id])\n      context.reach('read')\n",
      },
    ],
    watches: [row('workers', 'failpoints')],
  },
  {
    name: 'xack-before-commit',
    about: 'the order of commit and XACK: the entry goes when its task begins',
    edits: [
      {
        file: 'src/worker/loop.ts',
        find: "      if (task) context.reach('claimed')\n",
        replace:
          "      if (task) await context.stream.settle([entry.id])\n      if (task) context.reach('claimed')\n",
      },
    ],
    watches: [row('workers', 'failpoints')],
  },
  {
    name: 'video-lock',
    about: 'the lock of the video before its tasks are counted',
    edits: [
      {
        file: 'src/jobs/video-lock.ts',
        find: ' for no key update',
        replace: '',
      },
    ],
    watches: [directed('jobs/two-sessions-ends', 'jobs/two-sessions-stops')],
  },
]
