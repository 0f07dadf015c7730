/**
 * A token that a form has to bring back: that the form was asked for here, not in the last seconds and not hours ago. Other sites cannot get one for
 * their visitors' browsers to send, and programs have to wait.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const KEY_OCTETS = 32
const LATEST_SECONDS = 7200

export type TokenProblem = 'forged' | 'early' | 'late'

export class FormTokens {
  private readonly key = randomBytes(KEY_OCTETS)
  private readonly earliestSeconds: number

  constructor(earliestSeconds: number) {
    this.earliestSeconds = earliestSeconds
  }

  /** `now`: seconds since 1970. */
  issue(now: number): string {
    return `${now.toString(36)}.${this.macOf(now)}`
  }

  problem(token: string, now: number): TokenProblem | null {
    const [time = '', mac = ''] = token.split('.')
    const issued = /^[0-9a-z]{1,10}$/.test(time) ? Number.parseInt(time, 36) : Number.NaN
    const expected = Buffer.from(this.macOf(issued))
    const given = Buffer.from(mac)
    if (Number.isNaN(issued) || given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged'
    if (now - issued < this.earliestSeconds) return 'early'
    return now - issued > LATEST_SECONDS ? 'late' : null
  }

  private macOf(time: number): string {
    return createHmac('sha256', this.key).update(String(time)).digest('base64url')
  }
}
