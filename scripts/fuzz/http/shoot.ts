import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, ConnectionLost, openConnection } from './connection.ts'
import { type Answer, readAnswer } from './read-answer.ts'
import type { Shot } from './shot.ts'

/** A server that waits for more of a bent request is told after this long that there is none. */
const waitMs = 100

export type Lane = AsyncDisposable & { shoot(shot: Shot): Promise<Answer[]> }

/**
 * Sends one request after another, on one connection as long as the server leaves it open. Returns the
 * answers: as many as the request must have, none or one where its bytes were bent, none where the client left.
 * Throws `ConnectionLost` where an answer must come and none did.
 */
export function openLane(port: number): Lane {
  let kept: Connection | null = null

  function drop(): void {
    kept?.[Symbol.dispose]()
    kept = null
  }

  async function sendWhole(shot: Shot): Promise<Answer[]> {
    if (kept?.isOver()) drop()
    const connection = kept ?? (await openConnection(port))
    kept = connection
    const { received } = connection
    const before = received()
    connection.socket.write(shot.bytes)
    try {
      return await readAll(connection, shot)
    } catch (error) {
      drop()
      // The server may close a connection that rests in the moment in which it is used again (RFC 9110 §9.2.2).
      const mayRest = error instanceof ConnectionLost && before > 0 && received() === before
      if (mayRest) return sendWhole(shot)
      throw error
    }
  }

  async function readAll(connection: Connection, { way, request }: Shot): Promise<Answer[]> {
    const answers: Answer[] = []
    for (let left = way === 'twice' ? 2 : 1; left > 0; left -= 1) {
      const answer = await readAnswer(connection, request)
      answers.push(answer)
      if (answer.goesOn) continue
      drop()
      break
    }
    return answers
  }

  return {
    async shoot(shot) {
      if (shot.way === 'bent') return sendBent(port, shot)
      if (shot.way === 'broken') return sendBroken(port, shot)
      return sendWhole(shot)
    },
    [Symbol.asyncDispose]: async () => drop(),
  }
}

async function sendBent(port: number, { bytes, request }: Shot): Promise<Answer[]> {
  using connection = await openConnection(port)
  connection.socket.write(bytes)
  const coming = readAnswer(connection, request).then(
    (answer) => [answer],
    (error: unknown) => {
      if (error instanceof ConnectionLost) return []
      throw error
    },
  )
  // Whichever is first: a server that waits for the rest of a lie would wait for minutes.
  await Promise.race([coming, sleep(waitMs)])
  connection.socket.end()
  return await coming
}

async function sendBroken(port: number, shot: Shot & { way: 'broken' }): Promise<[]> {
  using connection = await openConnection(port)
  const { socket } = connection
  await new Promise((resolve) => socket.write(shot.bytes, resolve))
  if (shot.leave === 'reset') socket.resetAndDestroy()
  else if (shot.leave === 'end') {
    socket.end()
    await connection.rest()
  }
  return []
}
