/** The floor for `GET /progress/{id}`: Node's own server, which writes one shared buffer an event to every client. */
import { createServer, type ServerResponse } from 'node:http'
import { loadConfig } from '../../../src/config.ts'
import { createLog } from '../../../src/log.ts'
import { createRedis, redisNames } from '../../../src/redis.ts'

const config = loadConfig()
const names = redisNames(config.REDIS_PREFIX)
const redis = createRedis({ url: config.REDIS_URL, role: 'patient', log: createLog('bare', 'warn') })
const clients = new Set<ServerResponse>()

redis.on('message', (_channel, text: string) => {
  const seq = /"seq":(\d+)/.exec(text)?.[1] ?? '0'
  const frame = Buffer.from(`id: ${seq}\nevent: progress\ndata: ${text}\n\n`)
  for (const client of clients) client.write(frame)
})
await redis.subscribe(names.progressAllChannel)

createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write('retry: 2000\n\n')
  clients.add(response)
  response.on('close', () => clients.delete(response))
}).listen(config.PORT, '127.0.0.1')
