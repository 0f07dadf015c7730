/**
 * Data plane. What a worker's stages share: the images in force, the tables, the clock, and the way out. Made once by `worker.ts` (or a
 * test, or a bench); only `images` is ever replaced, by one assignment between two queries.
 */
import type { CounterLayout } from '../images/counters.ts'
import type { PolicyReader } from '../images/policies.ts'
import type { Acceptor } from './accept.ts'
import type { Access } from './access.ts'
import type { BlockAnswers } from './blocked.ts'
import type { AnswerCache } from './cache.ts'
import type { Cookies } from './cookies.ts'
import type { FilterImages, Findings } from './filter.ts'
import type { Forwarder } from './forward.ts'
import type { Link } from './inspect.ts'
import type { LocalNames } from './local.ts'
import type { OwnAnswers } from './own-words.ts'
import type { RebindingGuard } from './rebinding.ts'

/** The worker's clock, read once for a batch: monotonic, never the time of day. */
export interface Clock {
  /** Milliseconds, with fractions. */
  nowMs: number
  /** Whole seconds; starts far above 0. */
  nowSeconds: number
  /** Seconds since 1970 at `nowSeconds` 0, for what is agreed with others; may jump. */
  unixOffset: number
  /** Brings both up to date. */
  tick(): void
}

export interface Plane {
  readonly access: Access
  /** An image that has proxies in front as policy 1; null: there are none. */
  readonly proxies: PolicyReader | null
  /** Null: cookies are neither read nor made. */
  readonly cookies: Cookies | null
  readonly own: OwnAnswers
  readonly rebinding: RebindingGuard
  /** Where a name that an answer leads to is judged. */
  readonly link: Link
  /** An exception for the name asked for holds for where it leads as well. */
  readonly exceptionsCoverAliases: boolean
  /** See `readOptions`. */
  readonly structuredOption: number
  /** Of every hash of names, here and in the filter image. */
  readonly seed: number
  images: FilterImages
  readonly findings: Findings
  /** Policy number of each listener, or NO_POLICY. */
  readonly listenerPolicies: Int32Array
  readonly blockAnswers: BlockAnswers
  readonly local: LocalNames
  readonly cache: AnswerCache
  readonly acceptor: Acceptor
  readonly forwarder: Forwarder
  readonly clock: Clock
  readonly counters: Float64Array
  readonly layout: CounterLayout
}

/** So that an answer that was kept before this clock began has a time above 0 (115 days: longer than any answer is kept). */
const SECONDS_AT_START = 10_000_000

/** A clock over `performance.now()` or anything like it. */
export function monotonicClock(now: () => number): Clock {
  return {
    nowMs: 0,
    nowSeconds: SECONDS_AT_START,
    unixOffset: 0,
    tick() {
      this.nowMs = now()
      this.nowSeconds = SECONDS_AT_START + Math.floor(this.nowMs / 1000)
    },
  }
}
