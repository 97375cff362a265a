// `npm run check`: format, lint, types and dead code, all of them whatever fails.
import { runSteps, staticChecks } from './checks/steps.ts'

const failed = await runSteps(staticChecks, { keepGoing: true })
process.exitCode = failed.length === 0 ? 0 : 1
