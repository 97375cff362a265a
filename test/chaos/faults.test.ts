import { serverRows } from './rows/all.ts'
import { testRows } from './support/subset.ts'

testRows(serverRows)
