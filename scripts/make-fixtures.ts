// `node scripts/make-fixtures.ts`: makes the larger media of the tests and the demo beforehand.
import { longClip, shortClip, truncatedClip } from '../test/support/fixtures.ts'
import { demoClip, syncClip } from './clips/clip.ts'

for (const make of [shortClip, longClip, truncatedClip, () => syncClip({ seconds: 20 }), demoClip]) {
  console.log(await make())
}
