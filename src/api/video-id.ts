import { StepladderError } from '../errors.ts'

export { pathId as videoIdOf } from './path-id.ts'

export function videoNotFound(id: string): StepladderError {
  return new StepladderError('video_not_found', `there is no video ${id}`)
}
