/**
 * Data plane. How often the clients of one prefix may ask: a token bucket for each prefix that has lately asked, in a table of fixed size.
 *
 * The table is sets of four places, found by a keyed hash of the prefix. Where a set is full the prefix that is furthest from its limit
 * makes way: who floods the table with forged prefixes pushes out those that hardly ask, not itself. Two prefixes may share a bucket only if
 * their hashes of 32 bits are the same.
 *
 *     place   hash (32) │ tokens left (64) │ when they were counted (64, ms)         65,536 × 20 octets = 1.3 MiB a worker
 */
import * as fromClientAddress from './client-address.ts'
import type { Clock } from './plane.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { addressAt, addressMemory, hasIpv4 } = fromClientAddress

export const ALLOW = 0
/** Over the limit: to be answered with TC, so that a real client comes back over TCP. */
export const SLIP = 1
export const DROP = 2

const PLACES = 65_536
const SET = 4

export interface RateLimitOptions {
  /** Queries a second of one prefix at this worker, and how many at once after a pause. */
  readonly perSecond: number
  readonly burst: number
  /** Every how many limited queries one is answered with TC; 0: none. */
  readonly slip: number
  /** Lengths of the prefixes in bits, whole octets. */
  readonly ipv4Bits: number
  readonly ipv6Bits: number
}

export class RateLimit {
  private readonly options: RateLimitOptions
  private readonly seed: number
  private readonly hashes = new Int32Array(PLACES)
  private readonly tokens = new Float64Array(PLACES)
  private readonly countedMs = new Float64Array(PLACES)
  /** The time in ms, and tokens just counted: here, because a number with a fraction that is handed on is an object wherever V8 does not inline. */
  private readonly now = new Float64Array(1)
  private readonly left = new Float64Array(1)
  private limited = 0

  /** `seed`: unpredictable, so that nobody can aim at another prefix's bucket. */
  constructor(options: RateLimitOptions, seed: number) {
    this.options = options
    this.seed = seed
  }

  /** Takes a token of a query's prefix, at the clock's time; ALLOW where there was one. */
  take(query: QuerySlot, clock: Clock): typeof ALLOW | typeof SLIP | typeof DROP {
    this.now[0] = clock.nowMs
    const place = this.placeOf(this.hashOf(query))
    this.countTokens(place)
    this.countedMs[place] = this.now[0]
    if (this.left[0]! >= 1) {
      this.tokens[place] = this.left[0]! - 1
      return ALLOW
    }
    this.tokens[place] = this.left[0]!
    this.limited = (this.limited + 1) & 0xffffff
    const { slip } = this.options
    return slip > 0 && this.limited % slip === 0 ? SLIP : DROP
  }

  /** Leaves in `left` what a place has by now. */
  private countTokens(place: number): void {
    const { perSecond, burst } = this.options
    const more = ((this.now[0]! - this.countedMs[place]!) * perSecond) / 1000
    this.left[0] = Math.min(burst, this.tokens[place]! + more)
  }

  /** The place of a prefix; a new one has its whole burst. */
  private placeOf(hash: number): number {
    const first = (hash & (PLACES / SET - 1)) * SET
    let fullest = first
    let most = -1
    for (let place = first; place < first + SET; place++) {
      if (this.hashes[place] === hash) return place
      if (this.hashes[place] === 0) this.left[0] = Number.MAX_VALUE
      else this.countTokens(place)
      if (this.left[0]! > most) {
        most = this.left[0]!
        fullest = place
      }
    }
    this.hashes[fullest] = hash
    this.tokens[fullest] = this.options.burst
    this.countedMs[fullest] = this.now[0]!
    return fullest
  }

  /** Never 0, which stands for an empty place. */
  private hashOf(query: QuerySlot): number {
    const isIpv4 = hasIpv4(query)
    const bytes = addressMemory(query)
    const at = addressAt(query)
    const octets = (isIpv4 ? this.options.ipv4Bits : this.options.ipv6Bits) >>> 3
    let hash = this.seed ^ (isIpv4 ? 4 : 6)
    for (let i = 0; i < octets; i++) {
      hash = Math.imul(hash ^ bytes[at + i]!, 0x01000193)
      hash ^= hash >>> 15
    }
    hash = Math.imul(hash ^ this.seed, 0x85ebca6b)
    hash ^= hash >>> 13
    return hash === 0 ? 1 : hash
  }
}
