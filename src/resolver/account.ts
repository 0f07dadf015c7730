/**
 * Data plane. Counting: each query and each answer once, in the worker's block of counters. No clock is read for a single query: the
 * immediate answers of a batch all took what the batch took, which costs one reading for up to 64 of them.
 */
import type { CounterLayout, Scalar } from '../images/counters.ts'
import * as fromCounters from '../images/counters.ts'
import type { Plane } from './plane.ts'
import type { QuerySlot } from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { COUNTED_RCODES, COUNTED_TYPES, FROM_BLOCK, LATENCY_BOUNDS_MS, SOURCES } = fromCounters

const OTHER_TYPE = COUNTED_TYPES.length - 1
const OTHER_RCODE = COUNTED_RCODES.length - 1
const TYPE_INDEX = typeIndex()
const BUCKETS = LATENCY_BOUNDS_MS.length + 1
/** Immediate answers of the batch in hand, by source. */
const immediate = new Uint32Array(SOURCES.length)
/** When the batch in hand began, then what it took, in ms: here, because a number with a fraction that is handed on is an object. */
const times = new Float64Array(1)

function typeIndex(): Uint8Array {
  const index = new Uint8Array(256).fill(OTHER_TYPE)
  COUNTED_TYPES.forEach(([, type], place) => {
    if (type >= 0) index[type] = place
  })
  return index
}

export function add(plane: Plane, name: Scalar, amount: number): void {
  const at = plane.layout.scalar[name]
  plane.counters[at] = plane.counters[at]! + amount
}

export function countQuery(query: QuerySlot, plane: Plane): void {
  const type = query.type < 256 ? TYPE_INDEX[query.type]! : OTHER_TYPE
  bump(plane.counters, plane.layout.queries + query.transport * COUNTED_TYPES.length + type)
}

/** Counts a query that a feed would have blocked, were it not only monitored. */
export function countMonitored(plane: Plane, feed: number): void {
  bump(plane.counters, plane.layout.monitored + feed)
}

/** Counts an answer that was written at once; its time comes with `countBatch`. */
export function countAnswer(query: QuerySlot, plane: Plane): void {
  countOutcome(query, plane.counters, plane.layout)
  immediate[query.source]!++
}

/** Counts an answer that was waited for. */
export function countLateAnswer(query: QuerySlot, plane: Plane, tookMs: number): void {
  countOutcome(query, plane.counters, plane.layout)
  // A batch may be under way, whose beginning is kept there.
  const beganMs = times[0]!
  times[0] = tookMs
  countTimes(plane, query.source, 1)
  times[0] = beganMs
}

/** Notes when a batch began: now. */
export function beginBatch(plane: Plane): void {
  plane.clock.tick()
  times[0] = plane.clock.nowMs
}

/** Gives the time that a batch took to all its immediate answers. */
export function countBatch(plane: Plane): void {
  plane.clock.tick()
  times[0] = plane.clock.nowMs - times[0]!
  for (let source = 0; source < immediate.length; source++) {
    const answers = immediate[source]!
    if (answers === 0) continue
    countTimes(plane, source, answers)
    immediate[source] = 0
  }
}

function countOutcome(query: QuerySlot, counters: Float64Array, layout: CounterLayout): void {
  const rcode = Math.min(query.rcode, OTHER_RCODE)
  bump(counters, layout.answers + query.source * COUNTED_RCODES.length + rcode)
  if (query.source !== FROM_BLOCK) return
  bump(counters, layout.blocks + query.blockClass * layout.categories.length + query.blockCategory)
}

/** Counts so many answers that each took `times[0]`. */
function countTimes(plane: Plane, source: number, answers: number): void {
  const tookMs = times[0]!
  let bucket = 0
  while (bucket < LATENCY_BOUNDS_MS.length && tookMs > LATENCY_BOUNDS_MS[bucket]!) bucket++
  const at = plane.layout.latency + source * BUCKETS + bucket
  plane.counters[at] = plane.counters[at]! + answers
  const sum = plane.layout.latencySeconds + source
  plane.counters[sum] = plane.counters[sum]! + (tookMs * answers) / 1000
}

function bump(counters: Float64Array, at: number): void {
  counters[at] = counters[at]! + 1
}
