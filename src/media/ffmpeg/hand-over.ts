// Run inside a network of its own by `openStoreNetwork`: listens on this port there and hands the listening
// socket to its parent, which has another network. A socket stays in the network that it was made in.
import { createServer } from 'node:net'

const server = createServer()
server.listen({ host: '127.0.0.1', port: Number(process.argv[2]) }, () => {
  process.send?.('listening', server, undefined, () => {
    // Both would accept.
    server.close()
    process.disconnect?.()
  })
})
