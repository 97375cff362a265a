import { messageOf } from '../../../src/errors.ts'
import { judge } from './judge.ts'
import type { Things } from './mutation.ts'
import type { Recording } from './recording.ts'
import type { FuzzRequest } from './request.ts'
import { type Lane, openLane } from './shoot.ts'
import { aim, type Shot } from './shot.ts'
import { countAnswer, countShot, emptyTally, type Tally } from './tally.ts'

export type Barrage = {
  port: number
  recording: Recording
  things: Things
  seed: number
  /** The numbers of the requests, `to` not included. */
  from: number
  to: number
  /** Connections in use at a time. */
  lanes: number
  headers?: FuzzRequest['headers']
}

/** Sends mutants of recorded requests and judges what comes back. What is wrong stands in the tally. */
export async function fire(barrage: Barrage): Promise<Tally> {
  const tally = emptyTally()
  let next = barrage.from

  async function work(): Promise<void> {
    await using lane = openLane(barrage.port)
    while (next < barrage.to) {
      const shot = aim({ ...barrage, number: next++ })
      countShot(tally, shot)
      await shootAt(lane, shot, tally)
    }
  }

  await Promise.all(Array.from({ length: barrage.lanes }, work))
  return tally
}

async function shootAt(lane: Lane, shot: Shot, tally: Tally): Promise<void> {
  try {
    for (const answer of await lane.shoot(shot)) {
      const verdict = await judge(shot, answer)
      countAnswer(tally, answer, verdict)
      if (verdict.fault !== null) tally.faults.push(told(shot, verdict.fault, answer.body))
    }
  } catch (error) {
    tally.faults.push(told(shot, messageOf(error)))
  }
}

function told({ number, way, bytes }: Shot, fault: string, body?: Buffer): string {
  const sent = bytes.subarray(0, 1_500).toString('latin1')
  const answer = body === undefined ? '' : `\n  answer: ${body.subarray(0, 500).toString()}`
  return `request ${number}, ${way}: ${fault}\n  sent: ${JSON.stringify(sent)}${answer}`
}
