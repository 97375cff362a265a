import { inject } from 'vitest'
import { checkAnswersOf } from './check-answer.ts'
import { type SystemOptions, startSystem, type TestSystem } from './start-system.ts'

export type { TestSystem } from './start-system.ts'

/**
 * A system on the services that all tests of this run share. What this process fetches from its API must be an
 * answer that the reference tells of.
 */
export async function createTestSystem(options: SystemOptions = {}): Promise<TestSystem> {
  const system = await startSystem({ services: inject('services'), ...options })
  const uncheck = checkAnswersOf(system.baseUrl)
  async function dispose(): Promise<void> {
    uncheck()
    await system.dispose()
  }
  return { ...system, dispose, [Symbol.asyncDispose]: dispose }
}
