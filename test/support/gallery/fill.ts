import { join } from 'node:path'
import { submitJob } from '../../../src/cli/client/submit.ts'
import { uploadFile } from '../../../src/cli/upload/upload-file.ts'
import { untilEnded, watchJob } from '../job-client.ts'
import type { TestSystem } from '../system.ts'
import { brokenFilm, longFilm, noFilm, portraitFilm, richFilm, sound } from './films.ts'

/** A video in every state, by id. */
export type Gallery = Record<
  'rich' | 'portrait' | 'sound' | 'broken' | 'refused' | 'cancelled' | 'processing' | 'queued',
  string
>

const longTitle = `Lecture 7: ${'why a title may be longer than any line that it is shown in, '.repeat(4)}the end`
const unbroken = `IMG_${'20261121_'.repeat(24)}.mp4`
const rightToLeft = 'فيلم عن السلّم – 3 دقائق'
const hostile = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

/**
 * Fills a system that has no worker yet: with films that are completed (one with two sound tracks and
 * subtitles), failed, cancelled, in the making for minutes, and waiting behind that one, under titles
 * that are long, hostile or written from right to left. Resolves once all stand still but the one in the
 * making. Its two workers are `anna` and `bert`.
 */
export async function fillGallery(system: TestSystem): Promise<Gallery> {
  const submit = async (film: Promise<string>, titles: string[], options: object = {}) => {
    const key = await uploadFile({ baseUrl: system.baseUrl, path: await film })
    const ids: string[] = []
    for (const title of titles) {
      ids.push((await submitJob(system.baseUrl, { source: { key }, title, ...options })).id)
    }
    return ids
  }

  const old = await submit(
    portraitFilm(),
    Array.from({ length: 16 }, (_, index) => `Take ${index + 1}`),
  )
  for (const id of old) await cancel(system, id)

  await system.startWorker('clara', { WORKER_SLOTS: '2' })
  const [refused = ''] = await submit(noFilm(), ['Letter to the editor.mp4'])
  const [broken = ''] = await submit(brokenFilm(), [longTitle])
  const [heard = ''] = await submit(sound(), ['Evening talk'])
  const [portrait = ''] = await submit(portraitFilm(), [rightToLeft])
  const [rich = ''] = await submit(richFilm(), ['The ladder in the garden'], { quality: true })
  for (const id of [refused, broken, heard, portrait, rich]) await untilEnded(system, id)
  await system.killWorker('clara', 'SIGTERM')

  const unhurried = { FFMPEG_PATH: join(import.meta.dirname, '../../fixtures/unhurried-ffmpeg.sh') }
  const [processing = ''] = await submit(longFilm(), ['Five minutes of shapes'], { priority: 'high' })
  await system.startWorker('anna', unhurried)
  await system.startWorker('bert', unhurried)
  await watchJob(system, processing, ({ snapshot }) => snapshot.percent >= 5)
  const [cancelled = ''] = await submit(portraitFilm(), [unbroken])
  await cancel(system, cancelled)
  const [, , queued = ''] = await submit(portraitFilm(), [hostile, 'Next week', unbroken], {
    priority: 'low',
  })
  return { rich, portrait, sound: heard, broken, refused, cancelled, processing, queued }
}

async function cancel(system: TestSystem, id: string): Promise<void> {
  const response = await fetch(`${system.baseUrl}/videos/${id}/cancel`, { method: 'POST' })
  if (!response.ok) throw new Error(`cancel: HTTP ${response.status}`)
}
