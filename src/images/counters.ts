/**
 * The counters that workers keep and the control plane sums.
 *
 * Each worker has a block of its own in shared memory, 8 octets a counter, so that counting is one plain addition: no lock, no
 * atomic, one writer. A reader may see a sum that is one query old. A block outlives its worker: a replacement goes on counting in it.
 *
 *     block = scalars | queries[transport][type] | answers[source][rcode] | blocks[class][category]
 *           | upstream[outcome][server] | latency buckets[source] and sums
 */

export const TRANSPORTS = ['udp', 'tcp'] as const
export const UDP = 0
export const TCP = 1

/** Where an answer came from. `refused`: not looked for, because of the query itself. */
export const SOURCES = ['blocked', 'local', 'cache', 'upstream', 'refused'] as const
export const FROM_BLOCK = 0
export const FROM_LOCAL = 1
export const FROM_CACHE = 2
export const FROM_UPSTREAM = 3
export const FROM_REFUSAL = 4

/** Query types that have a label of their own; the last stands for every other. Numbers by IANA's registry. */
export const COUNTED_TYPES: readonly (readonly [name: string, type: number])[] = [
  ['A', 1],
  ['NS', 2],
  ['CNAME', 5],
  ['SOA', 6],
  ['PTR', 12],
  ['MX', 15],
  ['TXT', 16],
  ['AAAA', 28],
  ['SRV', 33],
  ['NAPTR', 35],
  ['DS', 43],
  ['DNSKEY', 48],
  ['SVCB', 64],
  ['HTTPS', 65],
  ['ANY', 255],
  ['other', -1],
]

/** RCODEs 0 to 10 by number; the last stands for every other. */
export const COUNTED_RCODES = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
  'other',
] as const

/** How an attempt at an upstream ended. */
export const OUTCOMES = ['answered', 'timeout', 'mismatch', 'malformed', 'truncated', 'failed', 'unreachable'] as const
export const ANSWERED_BY_UPSTREAM = 0
export const TIMED_OUT = 1
export const MISMATCHED = 2
export const MALFORMED = 3
export const TRUNCATED = 4
export const FAILED = 5
export const UNREACHABLE = 6

/** Upper bounds of the latency histogram's buckets in milliseconds; one more bucket takes the rest. */
export const LATENCY_BOUNDS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000] as const

/** Counters without dimensions, by name. Gauges are set, not added to. */
export const SCALARS = [
  'droppedMalformed', // datagrams that get no answer: under 12 octets, QR set, a forged source
  'droppedOverload', // queries shed because a table was full
  'droppedByRule', // a rule whose answer is silence
  'sendFailed', // datagrams that the kernel did not take
  'coalesced', // queries that joined a question in flight
  'strangers', // queries of clients that may not ask
  'rateLimited', // queries over their prefix's limit, not answered
  'rateSlipped', // the same, answered with TC
  'aliasesBlocked', // answers that would have led to a flagged name
  'addressesBlocked', // answers that had an address that is flagged
  'privateAddresses', // answers that had an address of a private network
  'prefetches', // questions asked before the cached answer was out of date
  'cacheStale', // answers given after their time
  'cacheHits',
  'cacheMisses',
  'cacheInserts',
  'cacheEvictions',
  'cacheEntries', // gauge
  'cacheBytes', // gauge: of `cacheCapacityBytes`
  'cacheCapacityBytes', // gauge
  'inFlight', // gauge: questions to upstreams without an answer yet
  'waiting', // gauge: clients' queries that wait for them
  'tcpConnections', // gauge
  'tcpRefused', // connections over a limit
  'tcpTimeouts', // connections closed for silence or slowness
  'batches', // wake-ups that read at least one datagram
  'datagrams', // read by them
  'loopLagMs', // gauge: how late the last periodic tick came
  'loopLagMaxMs', // gauge: the worst since the worker started
  'generation', // gauge: number of the filter image in force
] as const
export type Scalar = (typeof SCALARS)[number]

export interface CounterShape {
  readonly categories: readonly string[]
  /** How many upstream servers there are. */
  readonly upstreams: number
  /** In the order of the configuration. Absent: none. */
  readonly feeds?: readonly string[]
}

export interface CounterLayout {
  readonly scalar: Readonly<Record<Scalar, number>>
  /** First counter of each table, in the order of its dimensions above; the last dimension is the fastest. */
  readonly queries: number
  readonly answers: number
  readonly blocks: number
  readonly upstream: number
  /** Seconds that answered attempts took, per server. */
  readonly upstreamSeconds: number
  /** `LATENCY_BOUNDS_MS.length + 1` buckets (not cumulative) for each source. */
  readonly latency: number
  /** Sum of latencies in seconds for each source. */
  readonly latencySeconds: number
  /** Queries that a monitored feed would have blocked, per feed. */
  readonly monitored: number
  readonly categories: readonly string[]
  readonly upstreams: number
  readonly feeds: readonly string[]
  /** Counters in a block. */
  readonly length: number
}

export function layOutCounters(shape: CounterShape): CounterLayout {
  let next = SCALARS.length
  const table = (size: number) => {
    const start = next
    next += size
    return start
  }
  return {
    scalar: Object.fromEntries(SCALARS.map((name, index) => [name, index])) as Record<Scalar, number>,
    queries: table(TRANSPORTS.length * COUNTED_TYPES.length),
    answers: table(SOURCES.length * COUNTED_RCODES.length),
    blocks: table(3 * shape.categories.length),
    upstream: table(OUTCOMES.length * shape.upstreams),
    upstreamSeconds: table(shape.upstreams),
    latency: table(SOURCES.length * (LATENCY_BOUNDS_MS.length + 1)),
    latencySeconds: table(SOURCES.length),
    monitored: table(shape.feeds?.length ?? 0),
    categories: shape.categories,
    upstreams: shape.upstreams,
    feeds: shape.feeds ?? [],
    length: next,
  }
}

/** A block of zeroed counters in shared memory. */
export function allocateCounters(layout: CounterLayout): Float64Array {
  return new Float64Array(new SharedArrayBuffer(layout.length * Float64Array.BYTES_PER_ELEMENT))
}
