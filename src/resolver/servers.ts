/**
 * Data plane. What is known of the upstream servers, and which one to ask. Servers stand in groups: the first for every name, others for
 * the zones that have servers of their own; a question stays within its group.
 *
 * Balanced: of two drawn at random, the one that has lately been faster (the power of two choices, over an exponentially weighted mean of
 * latencies). Ordered: the first that works. One that fails again and again is set aside, and tried with a single question from time to
 * time until it answers. A server that answers SERVFAIL speaks of the name, not of itself: only when hardly anything else has come from
 * it for a while is it set aside too.
 */

/** Weight of the latest latency in the mean: an eighth, as TCP has it (RFC 6298 §2). */
const LATEST = 1 / 8
const FIRST_GUESS_MS = 20
/** Failures in a row after which a server is set aside, and for how long: doubled with each further one. */
const FAILURES_MAX = 3
const ASIDE_MS = 1000
const ASIDE_MS_MAX = 30_000
/** Weight of the latest answer in the share of unhelpful ones, and the share that counts as failure: some 75 in a row. */
const LATEST_TROUBLE = 1 / 32
const TROUBLE_MAX = 0.9
/** Answers in another spelling, one after another, after which a server is taken to fold case, and for how long. */
const MISSPELLINGS_MAX = 3
const FOLDS_CASE_MS = 600_000

export const BALANCED = 0
export const ORDERED = 1
/** Balanced, and each question put to two servers at once. */
export const PARALLEL = 2
export type Strategy = typeof BALANCED | typeof ORDERED | typeof PARALLEL

export class Servers {
  readonly count: number
  readonly meanMs: Float64Array
  readonly failures: Uint16Array
  readonly strategy: Strategy
  /** First server of each group, and behind them the number of all. */
  private readonly firsts: Int32Array
  private readonly asideUntilMs: Float64Array
  private readonly trouble: Float64Array
  private readonly misspellings: Uint8Array
  private readonly foldsUntilMs: Float64Array
  private readonly random: () => number

  /** `sizes`: servers of each group. `random` gives unpredictable 16-bit numbers. */
  constructor(sizes: readonly number[], random: () => number, strategy: Strategy = BALANCED) {
    this.firsts = new Int32Array(sizes.length + 1)
    for (const [group, size] of sizes.entries()) this.firsts[group + 1] = this.firsts[group]! + size
    this.count = this.firsts[sizes.length]!
    this.meanMs = new Float64Array(this.count).fill(FIRST_GUESS_MS)
    this.failures = new Uint16Array(this.count)
    this.asideUntilMs = new Float64Array(this.count)
    this.trouble = new Float64Array(this.count)
    this.misspellings = new Uint8Array(this.count)
    this.foldsUntilMs = new Float64Array(this.count)
    this.random = random
    this.strategy = strategy
  }

  /** How many servers a group has. */
  sizeOf(group: number): number {
    return this.firsts[group + 1]! - this.firsts[group]!
  }

  /** A server's bit in `tried`; those past 31 of a group share the last, so that a question may then skip one it could have asked. */
  bitOf(server: number, group: number): number {
    return 1 << Math.min(server - this.firsts[group]!, 31)
  }

  /** The server to ask, best among those of the group that `tried` (a bit each) leaves; -1 where there is none at all. */
  choose(tried: number, nowMs: number, group = 0): number {
    if (this.sizeOf(group) === 0) return -1
    const first = this.draw(tried, nowMs, group)
    const second = this.strategy === ORDERED ? first : this.draw(tried, nowMs, group)
    if (first < 0 || second < 0) return this.leastBad(tried, group)
    const chosen = this.meanMs[first]! <= this.meanMs[second]! ? first : second
    // A server whose time aside is over gets this one question; others follow once it has answered.
    if (this.failures[chosen]! >= FAILURES_MAX) this.setAside(chosen, nowMs)
    return chosen
  }

  /** A server among those in use that were not tried, at random or the first; -1 where all were, or are set aside. */
  private draw(tried: number, nowMs: number, group: number): number {
    const from = this.firsts[group]!
    const size = this.sizeOf(group)
    const start = this.strategy === ORDERED ? 0 : this.random() % size
    for (let i = 0; i < size; i++) {
      const server = from + ((start + i) % size)
      if ((tried & this.bitOf(server, group)) === 0 && this.asideUntilMs[server]! <= nowMs) return server
    }
    return -1
  }

  /** When nothing better is left: the one that comes back soonest, an untried one before all others. */
  private leastBad(tried: number, group: number): number {
    const from = this.firsts[group]!
    let best = from
    for (let server = from + 1; server < this.firsts[group + 1]!; server++) {
      if (this.rank(server, tried, group) < this.rank(best, tried, group)) best = server
    }
    return best
  }

  private rank(server: number, tried: number, group: number): number {
    return this.asideUntilMs[server]! + ((tried & this.bitOf(server, group)) === 0 ? 0 : 1e12)
  }

  answered(server: number, tookMs: number): void {
    this.failures[server] = 0
    this.asideUntilMs[server] = 0
    this.trouble[server] = this.trouble[server]! * (1 - LATEST_TROUBLE)
    this.meanMs[server] = this.meanMs[server]! * (1 - LATEST) + tookMs * LATEST
  }

  /** It answered that it could not. */
  unhelpful(server: number, tookMs: number, nowMs: number): void {
    const trouble = this.trouble[server]! * (1 - LATEST_TROUBLE) + LATEST_TROUBLE
    this.trouble[server] = trouble
    if (trouble > TROUBLE_MAX) this.failed(server, tookMs, nowMs)
  }

  /** An attempt that brought nothing after `tookMs`. */
  failed(server: number, tookMs: number, nowMs: number): void {
    if (this.failures[server]! < 0xffff) this.failures[server]!++
    this.meanMs[server] = Math.max(this.meanMs[server]!, this.meanMs[server]! * (1 - LATEST) + tookMs * LATEST)
    if (this.failures[server]! >= FAILURES_MAX) this.setAside(server, nowMs)
  }

  private setAside(server: number, nowMs: number): void {
    const doublings = Math.max(0, Math.min(this.failures[server]! - FAILURES_MAX, 8))
    this.asideUntilMs[server] = nowMs + Math.min(ASIDE_MS * 2 ** doublings, ASIDE_MS_MAX)
  }

  isAside(server: number, nowMs: number): boolean {
    return this.asideUntilMs[server]! > nowMs
  }

  /** Whether a server sends questions back in a spelling of its own, so that ours says nothing. */
  foldsCase(server: number, nowMs: number): boolean {
    return this.foldsUntilMs[server]! > nowMs
  }

  spelledRight(server: number): void {
    this.misspellings[server] = 0
  }

  misspelled(server: number, nowMs: number): void {
    this.misspellings[server]!++
    if (this.misspellings[server]! < MISSPELLINGS_MAX) return
    this.misspellings[server] = 0
    this.foldsUntilMs[server] = nowMs + FOLDS_CASE_MS
  }
}
