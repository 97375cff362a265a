import { afterAll, expect, inject } from 'vitest'
import { noteSearched, tellDuring, throwIfFound } from './search.ts'

tellDuring(() => expect.getState().currentTestName)

// Of all the hooks of a file the last one, for it was asked for first: whatever was started has ended.
afterAll(() => {
  noteSearched(inject('searchedLogs'))
  throwIfFound()
})
