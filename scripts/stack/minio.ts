import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'minio'
import { findBinary } from './binaries.ts'
import { choosePort } from './ports.ts'
import { untilItAnswers } from './ready.ts'
import type { ServiceOptions } from './service.ts'

export type Credentials = { accessKey: string; secretKey: string }

/** MinIO on one folder, without its web console. Returns its endpoint. */
export async function startMinio(
  options: ServiceOptions & { credentials: Credentials },
): Promise<{ endpoint: string; port: number }> {
  const command = findBinary('minio', {
    hint: 'run scripts/setup.sh, which builds it with Go, or set S3_ENDPOINT',
  })
  const folder = join(options.dataDir, 'minio')
  mkdirSync(folder, { recursive: true })
  const port = await choosePort(options.preferredPort)
  const consolePort = await choosePort()
  const logFile = join(options.logDir, 'minio.log')
  const process = options.processes.start({
    name: 'minio',
    command,
    args: [
      'server',
      '--address',
      `127.0.0.1:${port}`,
      '--console-address',
      `127.0.0.1:${consolePort}`,
      folder,
    ],
    environment: {
      ...options.environment,
      MINIO_ROOT_USER: options.credentials.accessKey,
      MINIO_ROOT_PASSWORD: options.credentials.secretKey,
      MINIO_BROWSER: 'off',
      // It would look for a newer release on the internet.
      MINIO_UPDATE: 'off',
    },
    output: logFile,
  })
  const endpoint = `http://127.0.0.1:${port}`
  const probe = () => askStore(endpoint, options.credentials)
  await untilItAnswers({ name: 'MinIO', probe, process, logFile })
  return { endpoint, port }
}

/** Rejects while the store cannot be reached or refuses the credentials. */
export async function askStore(endpoint: string, credentials: Credentials): Promise<void> {
  const url = new URL(endpoint)
  const useSSL = url.protocol === 'https:'
  const port = url.port === '' ? (useSSL ? 443 : 80) : Number(url.port)
  // We ask again ourselves; its own retries would print.
  const retryOptions = { disableRetry: true }
  await new Client({ endPoint: url.hostname, port, useSSL, retryOptions, ...credentials }).listBuckets()
}
