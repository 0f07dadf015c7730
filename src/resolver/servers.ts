/**
 * Data plane. What is known of the upstream servers, and which one to ask: of two drawn at random, the one that has lately been faster
 * (the power of two choices, over an exponentially weighted mean of latencies). One that fails again and again is set aside, and
 * tried with a single question from time to time until it answers.
 */

/** Weight of the latest latency in the mean: an eighth, as TCP has it (RFC 6298 §2). */
const LATEST = 1 / 8
const FIRST_GUESS_MS = 20
/** Failures in a row after which a server is set aside, and for how long: doubled with each further one. */
const FAILURES_MAX = 3
const ASIDE_MS = 1000
const ASIDE_MS_MAX = 30_000

export class Servers {
  readonly count: number
  readonly meanMs: Float64Array
  readonly failures: Uint16Array
  private readonly asideUntilMs: Float64Array
  private readonly random: () => number

  /** `random` gives unpredictable 16-bit numbers. */
  constructor(count: number, random: () => number) {
    this.count = count
    this.meanMs = new Float64Array(count).fill(FIRST_GUESS_MS)
    this.failures = new Uint16Array(count)
    this.asideUntilMs = new Float64Array(count)
    this.random = random
  }

  /** The server to ask, best among those that `tried` (a bit each) leaves; -1 where there is none at all. */
  choose(tried: number, nowMs: number): number {
    if (this.count === 0) return -1
    const first = this.draw(tried, nowMs)
    const second = this.draw(tried, nowMs)
    if (first < 0 || second < 0) return this.leastBad(tried)
    const chosen = this.meanMs[first]! <= this.meanMs[second]! ? first : second
    // A server whose time aside is over gets this one question; others follow once it has answered.
    if (this.failures[chosen]! >= FAILURES_MAX) this.setAside(chosen, nowMs)
    return chosen
  }

  /** A server at random among those in use that were not tried; -1 where all were, or are set aside. */
  private draw(tried: number, nowMs: number): number {
    const start = this.random() % this.count
    for (let i = 0; i < this.count; i++) {
      const server = (start + i) % this.count
      if ((tried & bitOf(server)) === 0 && this.asideUntilMs[server]! <= nowMs) return server
    }
    return -1
  }

  /** When nothing better is left: the one that comes back soonest, an untried one before all others. */
  private leastBad(tried: number): number {
    let best = -1
    for (let server = 0; server < this.count; server++) {
      if (best < 0 || this.rank(server, tried) < this.rank(best, tried)) best = server
    }
    return best
  }

  private rank(server: number, tried: number): number {
    return this.asideUntilMs[server]! + ((tried & bitOf(server)) === 0 ? 0 : 1e12)
  }

  answered(server: number, tookMs: number): void {
    this.failures[server] = 0
    this.asideUntilMs[server] = 0
    this.meanMs[server] = this.meanMs[server]! * (1 - LATEST) + tookMs * LATEST
  }

  /** An attempt that brought nothing after `tookMs`. */
  failed(server: number, tookMs: number, nowMs: number): void {
    if (this.failures[server]! < 0xffff) this.failures[server]!++
    this.meanMs[server] = Math.max(this.meanMs[server]!, this.meanMs[server]! * (1 - LATEST) + tookMs * LATEST)
    if (this.failures[server]! >= FAILURES_MAX) this.setAside(server, nowMs)
  }

  private setAside(server: number, nowMs: number): void {
    const doublings = Math.min(this.failures[server]! - FAILURES_MAX, 8)
    this.asideUntilMs[server] = nowMs + Math.min(ASIDE_MS * 2 ** doublings, ASIDE_MS_MAX)
  }

  isAside(server: number, nowMs: number): boolean {
    return this.asideUntilMs[server]! > nowMs
  }
}

/** A server's bit in `tried`; those past 31 share the last, so that a question may then skip one it could have asked. */
export function bitOf(server: number): number {
  return 1 << Math.min(server, 31)
}
