import { defineConfig } from 'vitest/config'

// What a test's processes write is searched for secrets.
const searched = {
  globalSetup: ['test/support/log-search/whole-run.ts'],
  setupFiles: ['test/support/log-search/each-file.ts'],
}

// Two cores: files that only compute share them, files that start processes go one after another.
const services = {
  ...searched,
  globalSetup: [...searched.globalSetup, 'test/support/global-stack.ts'],
  fileParallelism: false,
  hookTimeout: 60_000,
  // A stack test may leave a process behind; each file in its own process keeps that visible.
  pool: 'forks' as const,
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // What computes for a second may wait for a core much longer.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...services,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...services,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 400_000,
          // One second unless told: a busy machine takes longer to start a browser's page.
          expect: { poll: { timeout: 60_000 } },
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...services,
          name: 'corpus',
          include: ['test/corpus/**/*.test.ts'],
          testTimeout: 600_000,
          // A case mostly waits: for the system, then for what measures its result.
          sequence: { groupOrder: 3, concurrent: true },
        },
      },
      {
        test: {
          // Each file starts servers of its own, to kill them, and mostly waits: two go together.
          ...searched,
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          pool: 'forks' as const,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
