import type { ProcessGroup } from './processes.ts'

/** What every local service is started with. */
export type ServiceOptions = {
  /** The stack's folder; each service has one of its own name in it. */
  dataDir: string
  logDir: string
  processes: ProcessGroup
  /** 0 for any. */
  preferredPort: number
  environment: NodeJS.ProcessEnv
}
