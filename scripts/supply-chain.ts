// What we ship: under which licences, with which known holes, and the list of it (.local/sbom.cdx.json).
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { judgeAudit, type Verdict } from './checks/audit.ts'
import { findLicenceFaults } from './checks/licences.ts'
import { readLock } from './checks/lock.ts'
import { findMissing, shippedOf } from './checks/sbom.ts'

const root = join(import.meta.dirname, '..')
const lock = readLock(root)

const npm = async (...args: string[]): Promise<string> => {
  const { stdout } = await execa('npm', args, { cwd: root, reject: false, timeout: 60_000 })
  return stdout ?? ''
}

function licences(): Verdict {
  const faults = findLicenceFaults(lock)
  const packages = Object.keys(lock.packages).length - 1
  return faults.length === 0
    ? { outcome: 'passed', message: `${packages} packages` }
    : { outcome: 'failed', message: faults.join(', ') }
}

async function sbom(): Promise<Verdict> {
  const printed = await npm('sbom', '--package-lock-only', '--sbom-format', 'cyclonedx')
  if (printed === '') return { outcome: 'failed', message: 'npm made none: version 10 or newer is needed' }
  const bill = shippedOf(printed, lock)
  const missing = findMissing(bill, lock)
  if (missing.length > 0) return { outcome: 'failed', message: `it lacks ${missing.join(', ')}` }
  mkdirSync(join(root, '.local'), { recursive: true })
  writeFileSync(join(root, '.local/sbom.cdx.json'), JSON.stringify(bill, null, 2))
  return { outcome: 'passed', message: `${bill.components.length} packages, .local/sbom.cdx.json` }
}

const audit = async (): Promise<Verdict> =>
  judgeAudit(await npm('audit', '--json', '--fetch-retries=0', '--fetch-timeout=15000'))

const verdicts = { licences: licences(), 'known holes': await audit(), 'bill of materials': await sbom() }
for (const [name, { outcome, message }] of Object.entries(verdicts)) {
  console.log(`${name}: ${outcome === 'skipped' ? 'SKIPPED, not known' : outcome} (${message})`)
}
process.exitCode = Object.values(verdicts).some(({ outcome }) => outcome === 'failed') ? 1 : 0
