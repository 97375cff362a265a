import { execFileSync, spawnSync } from 'node:child_process'
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, StepladderError } from '../../src/errors.ts'
import { workingDirectory } from './identity.ts'

type User = { uid: number; gid: number }

/**
 * What a server needs to open a data folder: an open descriptor, to be inherited as number 3, the
 * path to name it by, and the account to run under (undefined for our own).
 */
export function openData(folder: string): { path: string; descriptor: number; user: User | undefined } {
  const user = userFor(folder)
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  // Another account may not be able to walk the path, as below a home directory with mode 0700;
  // an inherited descriptor needs no walk.
  return { path: user && existsSync('/proc/self/fd') ? '/proc/self/fd/3' : folder, descriptor, user }
}

/** PostgreSQL refuses root: root picks the owner of the data, else `postgres`, else `nobody`. */
function userFor(folder: string): User | undefined {
  const owner = statSync(folder)
  const self = process.getuid?.()
  if (self !== 0) {
    if (owner.uid === self) return undefined
    throw new StepladderError('not_ours', `${folder} belongs to another account: start as root, or remove it`)
  }
  if (owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const user = lookUp('postgres') ?? lookUp('nobody')
  if (!user)
    throw new StepladderError(
      'no_account',
      'PostgreSQL refuses root and there is no account postgres or nobody',
    )
  chownSync(folder, user.uid, user.gid)
  return user
}

function lookUp(name: string): User | null {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }))
  if (uid?.status !== 0 || gid?.status !== 0) return null
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
}

/**
 * Runs initdb: one superuser with the password in `url`, no other way in. The folder gets its name
 * at the end, so that one cut off half-way is never taken for a whole one.
 */
export function createCluster(options: {
  folder: string
  initdb: string
  url: URL
  durable: boolean
  environment: NodeJS.ProcessEnv
}): void {
  const unfinished = `${options.folder}.new`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true, mode: 0o700 })
  const { path, descriptor, user } = openData(unfinished)
  const scratch = mkdtempSync(join(tmpdir(), 'stepladder-initdb-'))
  const passwordFile = join(scratch, 'password')
  try {
    writeFileSync(passwordFile, decodeURIComponent(options.url.password), { mode: 0o600 })
    if (user) for (const each of [scratch, passwordFile]) chownSync(each, user.uid, user.gid)
    const args = ['-D', path, '-U', decodeURIComponent(options.url.username), '--pwfile', passwordFile]
    args.push('--auth=scram-sha-256', '--encoding=UTF8', '--locale=C')
    if (!options.durable) args.push('--no-sync')
    execFileSync(options.initdb, args, {
      cwd: '/',
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe', descriptor],
      ...user,
    })
    renameSync(unfinished, options.folder)
  } catch (error) {
    throw new StepladderError('initdb_failed', `no database cluster could be made: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    closeSync(descriptor)
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Above PID_MAX_LIMIT (2^22), so surely nobody's. */
const nobodysPid = 2 ** 22 + 1

/**
 * After a crash postmaster.pid may name somebody else's process, or a dead one that init has not
 * collected yet, and PostgreSQL would refuse to start beside it. Only that number is changed: with
 * the file gone, the server would no longer look for backends that still hold the old memory.
 */
export function freeFromStrangers(folder: string): void {
  const file = join(folder, 'postmaster.pid')
  if (!existsSync(file) || !existsSync('/proc/self')) return
  const [first, ...rest] = readFileSync(file, 'utf8').split('\n')
  const pid = Number(first)
  if (workingDirectory(pid) === realpathSync(folder)) {
    throw new StepladderError(
      'stack_in_use',
      `PostgreSQL already runs on ${folder} as process ${pid}; stop it first`,
    )
  }
  writeFileSync(file, [String(nobodysPid), ...rest].join('\n'))
}
