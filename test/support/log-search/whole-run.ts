import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { z } from 'zod'
import { noteSearched, searchedSchema, throwIfFound } from './search.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A file to which each test file adds a line of JSON: what it searched. */
    searchedLogs: string
  }
}

// Each project loads this file anew; the count is one for all of them.
const shared = globalThis as typeof globalThis & { stepladderSearched?: { users: number; folder: string } }

/** Tells at the end of a run how much of its logs was searched for secrets. What is found fails the file that wrote it. */
export default function setup(project: TestProject): () => void {
  shared.stepladderSearched ??= { users: 0, folder: mkdtempSync(join(tmpdir(), 'stepladder-searched-')) }
  const mine = shared.stepladderSearched
  const file = join(mine.folder, 'searched.jsonl')
  if (mine.users === 0) writeFileSync(file, '')
  mine.users += 1
  project.provide('searchedLogs', file)
  return () => {
    mine.users -= 1
    if (mine.users > 0) return
    delete shared.stepladderSearched
    // This process searched the services' own logs.
    noteSearched(file)
    console.log(sentence(readFileSync(file, 'utf8')))
    rmSync(mine.folder, { recursive: true, force: true })
    throwIfFound()
  }
}

function sentence(text: string): string {
  const files = text.split('\n').filter((line) => line !== '')
  const searched = files.map((line) => searchedSchema.parse(JSON.parse(line)))
  const sum = (name: keyof z.infer<typeof searchedSchema>) =>
    searched.reduce((total, one) => total + one[name], 0).toLocaleString('en')
  const where = `${sum('lines')} lines of logs (${sum('logs')}) and ${sum('rows')} rows of runs`
  return `searched ${where} for secrets: ${sum('found')} found`
}
