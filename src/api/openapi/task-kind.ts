import { z } from 'zod'
import type { TaskKind } from '../../jobs/state.ts'
import { schemaOf } from './operation.ts'

export const taskKindSchema = schemaOf<TaskKind>()(
  z.enum(['fetch', 'plan', 'video', 'audio', 'subtitle', 'mp4', 'quality', 'finish']),
)
