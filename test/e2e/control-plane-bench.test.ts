import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { searchFiles } from '../support/log-search/files.ts'

const script = join(import.meta.dirname, '../../scripts/bench/control-plane.ts')

test('the benchmark of the control plane runs in small, loses no lease and leaves nothing pending', {
  timeout: 300_000,
}, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'stepladder-bench-'))
  try {
    // It throws where something is not as it must be. Servers of its own, for it needs settings of its own.
    const { stdout } = await execa(process.execPath, [script, '--quick', '--data', dataDir], {
      env: { DATABASE_URL: '', REDIS_URL: '', S3_ENDPOINT: '' },
    })
    expect(rowsBelow(stdout, 'Tasks that end at once').map(([slots]) => slots)).toEqual(['12'])
    const statements = rowsBelow(stdout, 'Statements, 12 slots')
    expect(statements.find(([text]) => text?.includes('fence = fence + '))?.[1]).toBe('1.00')
    const [busy] = rowsBelow(stdout, 'Chunks of 5.5 s with heartbeats')
    expect(Number(busy?.[3])).toBeGreaterThan(0)
    const [urgent] = rowsBelow(stdout, 'High priority behind a backlog')
    expect(Number(urgent?.[2])).toBeGreaterThanOrEqual(200)
    expect(rowsBelow(stdout, '500 finished videos in the tables').map(([name]) => name)).toContain(
      'tasks/min',
    )
  } finally {
    await searchFiles(join(dataDir, 'logs'))
    rmSync(dataDir, { recursive: true, force: true })
  }
})

/** The cells of the table that follows a title. */
function rowsBelow(text: string, title: string): string[][] {
  const [, after = ''] = text.split(`${title}\n\n`)
  const [table = ''] = after.split('\n\n')
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
}
