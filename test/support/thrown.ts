import { StepladderError } from '../../src/errors.ts'

/** The code of the StepladderError that `run` throws; null when it throws nothing. Others pass through. */
export function codeThrownBy(run: () => void): string | null {
  try {
    run()
    return null
  } catch (error) {
    if (error instanceof StepladderError) return error.code
    throw error
  }
}
