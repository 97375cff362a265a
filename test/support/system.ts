import { inject } from 'vitest'
import { type SystemOptions, startSystem, type TestSystem } from './start-system.ts'

export type { TestSystem } from './start-system.ts'

/** A system on the services that all tests of this run share. */
export function createTestSystem(options: SystemOptions = {}): Promise<TestSystem> {
  return startSystem({ services: inject('services'), ...options })
}
