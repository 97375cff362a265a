import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { launchCommand } from '../../../src/media/ffmpeg/launch.ts'

test('a program whose starter died before it began does not begin', () => {
  const command = launchCommand('echo', ['begun'])
  expect(execFileSync(...command, { encoding: 'utf8' })).toBe('begun\n')
  // Started by a shell in between, which is not the one that the program is told to live for.
  const [file, args] = command
  const between = ['-c', '"$@"; exit 0', 'sh', file, ...args]
  expect(execFileSync('/bin/sh', between, { encoding: 'utf8' })).toBe('')
})
