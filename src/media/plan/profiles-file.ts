import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ConfigError, messageOf } from '../../errors.ts'
import { type Profiles, parseProfiles } from './profiles.ts'

/** Far above what fifty profiles take. */
const maxBytes = 256 * 1024
const maxFaults = 20

/** The profiles that Stepladder comes with. */
const ownFile = fileURLToPath(new URL('profiles.json', import.meta.url))

/** Reads and checks a file of profiles, ours unless told. Throws `bad_config`, which names what is wrong in it. */
export async function readProfiles(file: string = ownFile): Promise<Profiles> {
  const read = parseProfiles(await readText(file))
  if ('profiles' in read) return read.profiles
  const more = read.faults.length > maxFaults ? [`and ${read.faults.length - maxFaults} more`] : []
  const faults = [...read.faults.slice(0, maxFaults), ...more]
  throw new ConfigError(`the profiles in ${file} are not usable: ${faults.join('; ')}`)
}

async function readText(file: string): Promise<string> {
  try {
    const about = await stat(file)
    if (!about.isFile()) throw new Error('it is no file')
    if (about.size > maxBytes) throw new Error(`it has ${about.size} bytes, more than ${maxBytes}`)
    return await readFile(file, 'utf8')
  } catch (error) {
    const message = `the profiles in ${file} cannot be read: ${messageOf(error)}`
    throw new ConfigError(message, { cause: error })
  }
}
