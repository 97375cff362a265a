import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Ending } from './ffmpeg-failure.ts'

/** How programs are boxed in; made by `openSandbox`. */
export type Sandbox = {
  /** The absolute path of bubblewrap. */
  bwrap: string
  /** Null where programs that read the store share the network of this process. */
  network: StoreNetwork | null
}

/** A network in which there is the store and nothing else. */
export type StoreNetwork = {
  nsenter: string
  /** The process whose network and user namespaces these are. */
  pid: number
  /** A file of names for that network, in place of /etc/hosts. */
  hostsFile: string
}

/** Of the system's folders those that programs and their libraries lie in. */
const systemFolders = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
/** What a program that decodes and reads by HTTP looks up: libraries, certificates, names. */
const lookedUp = [
  ...['/etc/alternatives', '/etc/ld.so.cache', '/etc/ssl', '/etc/pki', '/etc/ca-certificates'],
  ...['/etc/nsswitch.conf', '/etc/gai.conf'],
]

type Program = { path: string; args: readonly string[]; cwd: string | null }

/**
 * What stands before a program to box it in: namespaces of its own for users, processes, IPC, names and
 * mounts; of the file system /usr and a little of /etc, read-only, an empty /tmp, and `cwd` to write in; no
 * capability, no new privileges, killed with its starter. One that reads no address has an empty network,
 * others that of the store.
 */
export function boxedIn({ bwrap, network }: Sandbox, { path, args, cwd }: Program): string[] {
  const readsStore = args.some((token) => /^https?:/.test(token))
  const enter =
    readsStore && network
      ? [
          ...[network.nsenter, '--preserve-credentials'],
          ...[`--user=/proc/${network.pid}/ns/user`, `--net=/proc/${network.pid}/ns/net`, '--'],
        ]
      : []
  const names = network ? [network.hostsFile, '/etc/hosts'] : ['/etc/hosts', '/etc/hosts']
  return [
    ...enter,
    ...[bwrap, ...unshared, ...(readsStore ? [] : ['--unshare-net'])],
    ...systemMounts(),
    ...readOnly(...lookedUp),
    ...(readsStore ? ['--ro-bind-try', ...names] : []),
    ...(readsStore && !network ? readOnly('/etc/resolv.conf') : []),
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...(path.startsWith('/usr/') ? [] : ownBuild(path)),
    ...readOnly(...certificates(args)),
    ...(cwd === null ? ['--chdir', '/'] : ['--bind', cwd, cwd, '--chdir', cwd]),
    '--',
  ]
}

const unshared = [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
  ...['--die-with-parent', '--cap-drop', 'ALL'],
]

const readOnly = (...paths: string[]): string[] => paths.flatMap((path) => ['--ro-bind-try', path, path])

let mounts: string[] | null = null

/** /usr, and what is beside it: links into it on most systems by now, folders on others. */
function systemMounts(): string[] {
  mounts ??= ['--ro-bind', '/usr', '/usr', ...systemFolders.flatMap(mountOf)]
  return mounts
}

function mountOf(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return []
  return found.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : readOnly(path)
}

/** A build of somebody's own: itself, what it is a link to, and libraries that lie beside its `bin`. */
function ownBuild(path: string): string[] {
  // One that is not there is told by what cannot execute it.
  if (!existsSync(path)) return []
  const target = realpathSync(path)
  return readOnly(path, target, join(dirname(target), '../lib'))
}

/** The file after `-ca_file`, where there is one. */
function certificates(args: readonly string[]): string[] {
  const file = args[args.indexOf('-ca_file') + 1]
  return args.includes('-ca_file') && file ? [file] : []
}

/** What bubblewrap makes of a program that a signal ended: its number and 128, as a shell does. */
const signals: { [exitCode: number]: NodeJS.Signals } = {
  ...{ 132: 'SIGILL', 133: 'SIGTRAP', 134: 'SIGABRT', 135: 'SIGBUS', 136: 'SIGFPE', 137: 'SIGKILL' },
  ...{ 139: 'SIGSEGV', 152: 'SIGXCPU', 153: 'SIGXFSZ', 159: 'SIGSYS' },
}

/**
 * How a program really ended, of which bubblewrap tells by its own exit code. ffmpeg 7 has exit codes in that
 * range too, the low bytes of error numbers; those of lost connections print a line.
 */
export function withoutBox(ended: Ending, stderr: string): Ending {
  const signal = signals[ended.exitCode ?? 0]
  return signal && !/Connection |Error number/.test(stderr) ? { exitCode: null, signal } : ended
}
