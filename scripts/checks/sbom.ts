import { z } from 'zod'
import type { Lock } from './lock.ts'

/** CycloneDX 1.5, as far as it is looked at. */
const sbomSchema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(z.looseObject({ 'bom-ref': z.string(), name: z.string(), version: z.string() })),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
})
type Sbom = z.infer<typeof sbomSchema>

/**
 * The bill of materials of what is shipped, out of the one of everything: `npm sbom --omit dev` leaves out
 * too what a tool needs as well (zod, with npm 11). Throws for what is no CycloneDX.
 */
export function shippedOf(printed: string, lock: Lock): Sbom {
  const sbom = sbomSchema.parse(JSON.parse(printed))
  const shipped = namesOf(lock)
  const components = sbom.components.filter(({ name, version }) => shipped.has(`${name}@${version}`))
  const tools = new Set(
    sbom.components.filter((one) => !components.includes(one)).map((one) => one['bom-ref']),
  )
  const dependencies = sbom.dependencies
    .filter(({ ref }) => !tools.has(ref))
    .map((one) => ({ ...one, dependsOn: one.dependsOn.filter((ref) => !tools.has(ref)) }))
  return { ...sbom, components, dependencies }
}

/** What is shipped and the bill of materials lacks, as `name@version`. */
export function findMissing({ components }: Sbom, lock: Lock): string[] {
  const listed = new Set(components.map(({ name, version }) => `${name}@${version}`))
  return [...namesOf(lock).difference(listed)]
}

/** All but the project itself and its tools. */
function namesOf(lock: Lock): Set<string> {
  const packages = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)
  return new Set(packages.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`))
}
