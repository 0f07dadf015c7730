/** The gauges of a worker, set on its periodic tick: what the tables hold, and how late the tick itself came. */
import type { Plane } from '../resolver/plane.ts'
import type { Questions } from '../resolver/questions.ts'

export class WorkerGauges {
  private readonly plane: Plane
  private readonly questions: Questions
  private readonly tickMs: number
  private lastMs = 0

  constructor(plane: Plane, questions: Questions, tickMs: number) {
    this.plane = plane
    this.questions = questions
    this.tickMs = tickMs
    const { counters, layout } = plane
    // A replacement counts on in its predecessor's block; what was open there is gone.
    counters[layout.scalar.tcpConnections] = 0
    counters[layout.scalar.cacheCapacityBytes] = plane.cache.capacity
  }

  setGeneration(generation: number): void {
    this.plane.counters[this.plane.layout.scalar.generation] = generation
  }

  update(nowMs: number): void {
    const { counters, layout, cache } = this.plane
    const { scalar } = layout
    const lagMs = this.lastMs === 0 ? 0 : Math.max(0, nowMs - this.lastMs - this.tickMs)
    this.lastMs = nowMs
    counters[scalar.loopLagMs] = lagMs
    counters[scalar.loopLagMaxMs] = Math.max(counters[scalar.loopLagMaxMs]!, lagMs)
    counters[scalar.cacheEntries] = cache.counts.entries
    counters[scalar.cacheBytes] = cache.counts.octets
    counters[scalar.cacheStale] = cache.counts.stale
    counters[scalar.cacheHits] = cache.counts.hits
    counters[scalar.cacheMisses] = cache.counts.misses
    counters[scalar.cacheInserts] = cache.counts.inserts
    counters[scalar.cacheEvictions] = cache.counts.evictions
    counters[scalar.inFlight] = this.questions.inFlight
    counters[scalar.waiting] = this.questions.waiting
  }
}
