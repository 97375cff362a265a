import { StepladderError } from '../errors.ts'

/** The caller has its share, and may come again later: always 429 with `Retry-After`. */
export class TooMany extends StepladderError {
  override name = 'TooMany'
  readonly retryAfterS: number
  /** Of the rates, the policy whose quota is used up. */
  readonly policy: string | null

  constructor(
    code: string,
    message: string,
    { retryAfterS, policy = null }: { retryAfterS: number; policy?: string | null },
  ) {
    super(code, message)
    this.retryAfterS = retryAfterS
    this.policy = policy
  }
}
