/**
 * How often one client may do something in a day, without keeping who did it: what is counted is a hash of its network under a key that is made
 * anew each day and never leaves memory.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { clientKey } from '../platform/http-admission.ts'

const DAY_SECONDS = 86_400
const KEY_OCTETS = 32
/** Networks of a day that are told apart; when there are more, the day's counts begin anew. */
const CLIENTS_MAX = 100_000

export class DailyLimit {
  private readonly most: number
  private day = -1
  private key = randomBytes(KEY_OCTETS)
  private readonly counts = new Map<string, number>()

  constructor(most: number) {
    this.most = most
  }

  /** Counts one more for a client's network; false where that is too many. `now`: seconds since 1970. */
  admits(address: string, now: number): boolean {
    this.turn(Math.floor(now / DAY_SECONDS))
    const client = createHmac('sha256', this.key).update(networkOf(address)).digest('latin1')
    const count = (this.counts.get(client) ?? 0) + 1
    if (count > this.most) return false
    if (this.counts.size >= CLIENTS_MAX) this.counts.clear()
    this.counts.set(client, count)
    return true
  }

  private turn(day: number): void {
    if (day === this.day) return
    this.day = day
    this.key = randomBytes(KEY_OCTETS)
    this.counts.clear()
  }
}

/** The /24 of an IPv4 address, the /56 of an IPv6 address. */
function networkOf(address: string): string {
  const client = clientKey(address)
  if (!client.includes(':')) return client.split('.').slice(0, 3).join('.')
  const groups = client.split(':')
  return [...groups.slice(0, 3), (Number.parseInt(groups[3] ?? '0', 16) >> 8).toString(16)].join(':')
}
