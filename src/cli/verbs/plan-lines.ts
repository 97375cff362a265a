import type { Plan } from '../client/video.ts'
import type { Line } from '../screen/paint.ts'
import { bitrateText } from '../screen/units.ts'

/** What is made and what is left out, each with its reason, and what to know beforehand. */
export function planLines({ kept, skipped, warnings, video }: Plan): Line[] {
  const names = Math.max(...[...kept, ...skipped].map(({ name }) => name.length), 0)
  const rungs = new Map(video?.rungs.map((rung) => [rung.name, rung]))
  const cap = (name: string) => {
    const rung = rungs.get(name)
    return rung ? `, at most ${bitrateText(rung.max_bitrate_bps)}` : ''
  }
  return [
    ...kept.map(
      ({ name, reason }): Line => [
        { text: 'made  ', style: 'green' },
        `${name.padEnd(names)}  ${reason}${cap(name)}`,
      ],
    ),
    ...skipped.map(
      ({ name, reason }): Line => [{ text: 'left  ', style: 'dim' }, `${name.padEnd(names)}  ${reason}`],
    ),
    ...warnings.map(({ message }): Line => [{ text: 'note  ', style: 'yellow' }, message]),
  ]
}
