import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { endAtOnce } from '../../src/db-socket.ts'

test('nothing can happen between the error of a socket and its close', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const socket = endAtOnce(connect(typeof address === 'object' && address ? address.port : 0, '127.0.0.1'))
  await once(socket, 'connect')
  const told: string[] = []
  socket.on('error', ({ message }) => {
    told.push(message)
    queueMicrotask(() => told.push('a statement'))
  })
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      told.push('close')
      resolve()
    })
  })
  socket.destroy(new Error('reset'))
  await closed
  expect(told).toEqual(['reset', 'close', 'a statement'])
})
