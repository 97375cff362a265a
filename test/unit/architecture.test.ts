import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** What each part may import besides itself. `ground` and `neighbours` are the files directly in src. */
const allowed: Record<string, readonly string[]> = {
  cmd: ['cli', 'api', 'worker', 'courier', 'queue', 'neighbours', 'ground'],
  cli: ['auth', 'health', 'jobs', 'progress', 'media', 'neighbours', 'ground'],
  api: ['auth', 'health', 'webhooks', 'jobs', 'media', 'progress', 'queue', 'neighbours', 'ground'],
  worker: ['runs', 'webhooks', 'jobs', 'media', 'progress', 'queue', 'neighbours', 'ground'],
  courier: ['runs', 'webhooks', 'jobs', 'progress', 'neighbours', 'ground'],
  runs: ['jobs', 'progress', 'neighbours', 'ground'],
  progress: ['jobs', 'media', 'neighbours', 'ground'],
  webhooks: ['jobs', 'neighbours', 'ground'],
  jobs: ['media', 'queue', 'neighbours', 'ground'],
  queue: ['neighbours', 'ground'],
  health: ['neighbours', 'ground'],
  auth: ['neighbours', 'ground'],
  media: ['ground'],
  neighbours: ['ground'],
  ground: [],
}

/** The same within src/media, whose own files (`model.ts` and others) all may import. */
const allowedInMedia: Record<string, readonly string[]> = {
  checks: ['segments', 'mp4', 'ffmpeg', 'plan'],
  probe: ['plan', 'argv', 'ffmpeg'],
  argv: ['manifests', 'plan', 'encoders'],
  manifests: ['segments', 'plan'],
  segments: ['mp4'],
  plan: ['encoders'],
  ffmpeg: ['encoders'],
}
const ground = new Set([
  'config.ts',
  'error-codes.ts',
  'errors.ts',
  'failpoints.ts',
  'log-scrub.ts',
  'log.ts',
  'secret-files.ts',
  'shutdown.ts',
])

/** The files of src/media that start programs or look at the disk; all others only compute. */
const mediaWithEffects = new Set([
  'ffmpeg/build.ts',
  'ffmpeg/find-program.ts',
  'ffmpeg/hand-over.ts',
  'ffmpeg/open-sandbox.ts',
  'ffmpeg/sandbox.ts',
  'ffmpeg/store-network.ts',
  'ffmpeg/ffmpeg.ts',
  'ffmpeg/launch.ts',
  'probe/probe.ts',
  'checks/read-back.ts',
  'plan/profiles-file.ts',
])
const effects = /^(execa|undici|postgres|ioredis|minio|node:(fs|child_process|net|http|https|dns|timers).*)$/

const files = ['cmd', 'src'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)

test('imports point one way: from the commands down to the ground', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => relative(root, join(root, dirname(file), target)))
      .filter((target) => partOf(target) !== partOf(file) && !allowed[partOf(file)]?.includes(partOf(target)))
      .map((target) => `${file} imports ${target}`),
  )
  expect(files.length).toBeGreaterThan(80)
  expect(wrong).toEqual([])
})

test('the folders of src/media stand one above another', () => {
  const inMedia = (file: string) =>
    file.startsWith('src/media/') ? relative('src/media', dirname(file)) : null
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => relative(root, join(root, dirname(file), target)))
      .filter((target) => {
        const [from, to] = [inMedia(file), inMedia(target)]
        return from !== null && to !== null && to !== '' && from !== to && !allowedInMedia[from]?.includes(to)
      })
      .map((target) => `${file} imports ${target}`),
  )
  expect(wrong).toEqual([])
})

test('what only computes in src/media imports nothing that does more', () => {
  const wrong = files
    .filter((file) => partOf(file) === 'media' && !mediaWithEffects.has(file.slice('src/media/'.length)))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => effects.test(target))
        .map((target) => `${file} imports ${target}`),
    )
  expect(wrong).toEqual([])
})

test('the environment is read in one place, and PATH where programs are looked up', () => {
  const readers = files.filter((file) => readFileSync(join(root, file), 'utf8').includes('process.env'))
  expect(readers).toEqual(['src/config.ts', 'src/media/ffmpeg/find-program.ts'])
})

test('migrations are numbered one after another, each number once', () => {
  const numbers = readdirSync(join(root, 'sql'), 'utf8').map((name) => Number(name.slice(0, 5)))
  expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1))
})

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)[^'"]*?from '([^']+)'/gms)].flatMap((match) => match[1] ?? [])
}

function partOf(file: string): string {
  const [top = '', second = '', ...deeper] = file.split('/')
  if (top === 'cmd') return 'cmd'
  if (deeper.length > 0) return second
  return ground.has(second) ? 'ground' : 'neighbours'
}
