import { execa } from 'execa'
import type { Config } from '../../config.ts'
import { ConfigError, messageOf } from '../../errors.ts'
import { findProgram } from './find-program.ts'
import { launchIn } from './launch.ts'
import { boxedIn, type Sandbox } from './sandbox.ts'
import { openStoreNetwork } from './store-network.ts'

/** What keeps programs in: `store` reaches the store alone, `files` any address that this process reaches. */
type Confinement = 'store' | 'files' | 'none'

export type OpenSandbox = {
  confinement: Confinement
  /** Why it is not `store`, in words; empty when it is. */
  because: string
  close: () => Promise<void>
}

const triedWithinMs = 5_000

/**
 * Boxes in every media program that this process starts from now on, as far as `SANDBOX` says and the machine
 * can. Throws `bad_config` where it must and cannot.
 */
export async function openSandbox(
  { SANDBOX: mode, SCRATCH_DIR, FFMPEG_PATH }: Pick<Config, 'SANDBOX' | 'SCRATCH_DIR' | 'FFMPEG_PATH'>,
  storeUrl: string,
): Promise<OpenSandbox> {
  const none = (because: string): OpenSandbox => ({ confinement: 'none', because, close: async () => {} })
  if (mode === 'off') return none('SANDBOX is off')
  try {
    const bwrap = await findBubblewrap(FFMPEG_PATH)
    const nsenter = findProgram('nsenter')
    if (nsenter === null) throw new ConfigError('there is no nsenter (util-linux)')
    try {
      const opened = await openStoreNetwork({ bwrap, nsenter, storeUrl, folder: SCRATCH_DIR })
      return boxed({ bwrap, network: opened.network }, { because: '', close: opened.close })
    } catch (error) {
      if (mode === 'require') throw error
      return boxed({ bwrap, network: null }, { because: messageOf(error), close: async () => {} })
    }
  } catch (error) {
    if (mode === 'require') throw error
    return none(messageOf(error))
  }
}

function boxed(sandbox: Sandbox, { because, close }: Omit<OpenSandbox, 'confinement'>): OpenSandbox {
  launchIn(sandbox)
  return {
    confinement: sandbox.network ? 'store' : 'files',
    because,
    close: async () => {
      launchIn(null)
      await close()
    },
  }
}

/** The path of a bubblewrap in which this ffmpeg runs: kernels and containers may forbid what it does. */
export async function findBubblewrap(ffmpegPath: string): Promise<string> {
  const bwrap = findProgram('bwrap')
  if (bwrap === null) throw new ConfigError('there is no bubblewrap (apt-get install bubblewrap)')
  const path = findProgram(ffmpegPath)
  if (path === null) throw new ConfigError('there is no ffmpeg')
  const box = boxedIn({ bwrap, network: null }, { path, args: [], cwd: null })
  const [file = bwrap, ...args] = [...box, path, '-version']
  const options = { reject: false, timeout: triedWithinMs, env: {}, extendEnv: false } as const
  const { exitCode, stderr } = await execa(file, args, options)
  if (exitCode === 0) return bwrap
  const why = stderr?.split('\n').at(-1)?.slice(0, 200) || `exit code ${exitCode}`
  throw new ConfigError(`ffmpeg does not run in bubblewrap here: ${why}`)
}
