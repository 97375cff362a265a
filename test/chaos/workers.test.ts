import { workerRows } from './rows/all.ts'
import { testRows } from './support/subset.ts'

testRows(workerRows)
