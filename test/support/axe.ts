import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AxeResults, ImpactValue } from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const grave: (ImpactValue | undefined)[] = ['critical', 'serious']

/** What axe-core finds that is serious or critical, one line a place: rule, element, and what to do. */
export async function violations(page: Page): Promise<string[]> {
  // What a debugger runs is under no content security policy.
  await page.evaluate(`globalThis.axe ?? (() => { ${source} })()`)
  const found = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`)
  return found.violations
    .filter(({ impact }) => grave.includes(impact))
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    )
}
