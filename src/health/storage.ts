import type { Storage } from '../storage.ts'
import { type Check, failed, ok } from './check.ts'

export async function checkBucket(storage: Pick<Storage, 'bucket' | 'bucketExists'>): Promise<Check> {
  if (await storage.bucketExists()) return ok(`The bucket ${storage.bucket} exists`)
  return failed(`The bucket ${storage.bucket} does not exist`, 'run `npm run migrate`')
}
