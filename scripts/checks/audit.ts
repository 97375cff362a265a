import { z } from 'zod'

const auditSchema = z.object({
  metadata: z.object({
    vulnerabilities: z.object({
      low: z.number(),
      moderate: z.number(),
      high: z.number(),
      critical: z.number(),
    }),
  }),
  vulnerabilities: z.record(z.string(), z.looseObject({ severity: z.string() })),
})

export type Verdict = { outcome: 'passed' | 'failed' | 'skipped'; message: string }

/** What `npm audit --json` printed, whether it asked the registry or only found that it does not answer. */
export function judgeAudit(printed: string): Verdict {
  const audit = auditSchema.safeParse(parsed(printed))
  // No list of holes is no list without holes.
  if (!audit.success) {
    return { outcome: 'skipped', message: `the registry does not tell of known holes: ${reasonIn(printed)}` }
  }
  const { low, moderate, high, critical } = audit.data.metadata.vulnerabilities
  const counted = `${critical} critical, ${high} high, ${moderate} moderate, ${low} low`
  if (high + critical === 0) return { outcome: 'passed', message: counted }
  const grave = Object.entries(audit.data.vulnerabilities).filter(([, { severity }]) =>
    /high|critical/.test(severity),
  )
  return { outcome: 'failed', message: `${counted}: ${grave.map(([name]) => name).join(', ')}` }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // nothing, or the words of an npm that could not begin
  }
}

function reasonIn(printed: string): string {
  const answer = z.looseObject({ message: z.string() }).safeParse(parsed(printed))
  return answer.success ? answer.data.message.slice(0, 200) : 'no answer'
}
