import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../support/finding.ts'
import { type Load, until } from '../support/load.ts'
import {
  check,
  endsWithinMs,
  hurried,
  type RowResult,
  startWorkers,
  tinyLoad,
  type World,
} from '../support/world.ts'

const fullMs = 4_000

/** The disk of the workers' scratch fills up to its last byte, and is emptied again. Needs the right to mount. */
export async function scratchFull(world: World): Promise<RowResult> {
  const { system, size } = world
  const runs = size === 'full' ? 3 : 1
  await using disk = await mountSmallDisk()
  const load = await tinyLoad(world)
  const environment = { SCRATCH_DIR: disk.folder, MIN_FREE_SCRATCH_BYTES: String(2 ** 20) }
  await using _ = await startWorkers(world, {
    name: 'scratch-full',
    environments: [environment, environment],
  })
  for (let run = 0; run < runs; run++) {
    await load.submitAll(4)
    // Some tasks have been begun by now, and find out in the middle.
    await until(60_000, async () => {
      const begun = await system.sql`
        select from tasks where kind = 'video' and state = 'done'
        and video_id = any(${load.acknowledged.slice(-4).map((one) => one.videoId)}::uuid[])`
      return begun.length > 0 || 'no chunk is done'
    })
    disk.fill()
    await sleep(fullMs)
    disk.empty()
    await hurried(world, load.untilEnded(endsWithinMs(world)))
  }
  // Waiting for room is nobody's failure.
  const spent = await attemptsOf(world, load)
  const scratch = { ...world, system: { ...system, config: { ...system.config, SCRATCH_DIR: disk.folder } } }
  const findings = [...spent, ...(await check(scratch, load))]
  return { fault: 'disk full: scratch', runs, jobs: load.acknowledged.length, findings, measured: '' }
}

/** Redis cannot write its file any more and refuses every write (MISCONF) until it can. */
export async function redisMisconfigured(world: World): Promise<RowResult> {
  const { system, servers, size } = world
  const runs = size === 'full' ? 3 : 1
  const { redis } = system
  const load = await tinyLoad(world)
  await using _ = await startWorkers(world, { name: 'misconf', environments: [{}, {}] })
  const findings: Finding[] = []
  // A folder where the snapshot belongs: root is refused by no permission.
  const obstacle = join(servers.redis.folder, 'dump.rdb')
  for (let run = 0; run < runs; run++) {
    await load.submitAll(4)
    rmSync(obstacle, { recursive: true, force: true })
    mkdirSync(obstacle)
    await redis.config('SET', 'save', '1 1')
    await until(30_000, async () => {
      const answer = await redis.set(`${system.names.stream}:probe`, '1', 'PX', 1).catch(String)
      return answer.includes('MISCONF') || `a write was answered ${answer}`
    })
    for (let n = 0; n < 3; n++) {
      const status = await load.submit()
      if (status === 201) continue
      findings.push({ video: null, fact: 'wrong_answer', detail: `a submission during MISCONF: ${status}` })
    }
    await sleep(fullMs)
    rmSync(obstacle, { recursive: true })
    await redis.bgsave()
    await load.untilEnded(endsWithinMs(world))
    await redis.config('SET', 'save', '')
  }
  findings.push(...(await attemptsOf(world, load)), ...(await check(world, load)))
  return { fault: 'disk full: Redis MISCONF', runs, jobs: load.acknowledged.length, findings, measured: '' }
}

type SmallDisk = AsyncDisposable & { folder: string; fill(): void; empty(): void }

async function mountSmallDisk(): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'stepladder-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', folder])
  const filler = join(folder, 'filler')
  return {
    folder,
    fill: () => {
      const { bavail, bsize } = statfsSync(folder)
      try {
        writeFileSync(filler, Buffer.alloc(bavail * bsize))
      } catch (error) {
        // A worker was quicker with the last bytes: it is as full as it gets.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    },
    empty: () => rmSync(filler),
    async [Symbol.asyncDispose]() {
      // Lazily: a process that is ending may still stand in it.
      if (existsSync(folder)) execFileSync('umount', ['--lazy', folder])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function attemptsOf({ system }: World, load: Load): Promise<Finding[]> {
  const rows = await system.sql<{ video_id: string; kind: string; code: string }[]>`
    select t.video_id, t.kind, r.error ->> 'code' as code from task_runs r join tasks t on t.id = r.task_id
    where t.video_id = any(${load.acknowledged.map((one) => one.videoId)}::uuid[])
      and r.outcome in ('retried', 'failed', 'lost')`
  return rows.map((row) => ({
    video: row.video_id,
    fact: 'attempt_spent',
    detail: `${row.kind}: ${row.code}`,
  }))
}
