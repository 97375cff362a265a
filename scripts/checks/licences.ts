import type { Lock } from './lock.ts'

/** Those that let us give the whole on under MIT, with their notices. */
const shipped = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
])
/** What only builds and tests may be under one that binds its own files, too. */
const tools = new Set([...shipped, 'MPL-2.0'])

/** Packages whose package.json names no licence, and where it stands instead. */
const elsewhere: { [name: string]: string } = {
  // In its Readme.md, under "License".
  'combine-errors': 'MIT',
}

/** What is under a licence that is not on the list, as `name: licence`; each with where it came from. */
export function findLicenceFaults(lock: Lock): string[] {
  return Object.entries(lock.packages).flatMap(([path, { license, dev }]) => {
    // The first is the project itself.
    if (path === '') return []
    const name = path.replace(/^.*node_modules\//, '')
    const licence = license ?? elsewhere[name] ?? 'none is named'
    return isAllowed(licence, dev ? tools : shipped) ? [] : [`${name}: ${licence}`]
  })
}

/** An SPDX expression of one name, or of several of which one may be chosen. */
function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const choices = expression.replace(/^\(|\)$/g, '').split(' OR ')
  return choices.some((choice) => choice.split(' AND ').every((name) => allowed.has(name)))
}
