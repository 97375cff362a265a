// `npm run openapi`: writes docs/openapi.json anew, which a test compares with what the API answers.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeDocument } from '../src/api/openapi/document.ts'

const file = fileURLToPath(new URL('../docs/openapi.json', import.meta.url))
writeFileSync(file, `${JSON.stringify(makeDocument(), null, 2)}\n`)
