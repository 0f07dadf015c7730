/**
 * The server of the soak: the data plane and the batch driver, put together as a worker does it, in a process whose memory is collected and
 * compacted all the time, amid litter that takes the place of whatever is let go of too early. Run with --expose-gc. Orders and reports are messages
 * of the process.
 */
import { allocateCounters, layOutCounters } from '../../src/images/counters.ts'
import { randomSource } from '../../src/platform/random.ts'
import { assemble } from '../../src/resolver/assemble.ts'
import { monotonicClock } from '../../src/resolver/plane.ts'
import type { Endpoint } from '../../src/settings/settings.ts'
import { openKernel } from '../../src/transport/kernel.ts'
import { Outlets } from '../../src/transport/outlets.ts'
import { listenUdp } from '../../src/transport/udp.ts'
import { Upstreams } from '../../src/transport/upstreams.ts'
import { images, SEED } from '../support/images.ts'
import { PAGE } from '../support/plane.ts'
import { BLOCKED_NAMES, blockedName } from './names.ts'
import { WatchedKernel } from './watched-kernel.ts'

export interface SoakOrders {
  readonly upstream: Endpoint
}

export interface SoakReport {
  /** Octets, ten times a second. */
  readonly resident: readonly number[]
  readonly collections: number
  readonly batchCalls: number
  readonly problems: readonly string[]
  readonly evictions: number
  readonly sendFailed: number
}

const TICK_MS = 20
const COLLECT_MS = 4
const SAMPLE_MS = 100
const CHECK_MS = 500
/** Small, so that it is full and evicting after seconds. */
const CACHE_OCTETS = 1 << 20
const ATTEMPT_MS = 8000

const watched = openWatched()
const layout = layOutCounters({ categories: ['soak', 'not-listed'], upstreams: 1 })
const counters = allocateCounters(layout)

function openWatched(): WatchedKernel {
  const kernel = openKernel(why => {
    throw new Error(why)
  })
  return new WatchedKernel(kernel!)
}

async function start({ upstream }: SoakOrders): Promise<number> {
  const rules = Array.from({ length: BLOCKED_NAMES }, (_, i) => ({ name: blockedName(i), category: 'soak' }))
  const { plane } = assemble({
    seed: SEED,
    images: images(rules, [{ categories: ['soak'] }]),
    listenerPolicies: [-1],
    blockAnswers: PAGE,
    localNames: [],
    cacheOctets: CACHE_OCTETS,
    limits: { ttlSecondsMin: 0, ttlSecondsMax: 86_400, negativeTtlSecondsMax: 3600 },
    servers: 1,
    timeoutMs: ATTEMPT_MS,
    attempts: 1,
    clock: monotonicClock(() => performance.now()),
    random: randomSource(),
    counters,
    layout,
  })
  const outlets = new Outlets()
  const events = {
    receive: (question: number, bytes: Uint8Array, from: number, to: number) =>
      plane.forwarder.receive(question, bytes, from, to),
    fail: (question: number, outcome: number) => plane.forwarder.fail(question, outcome),
    settled: () => outlets.flush(),
  }
  plane.forwarder.connect(new Upstreams(watched.kernel, [upstream], events, randomSource()), outlets)
  // A wildcard address: source addresses go through control messages then, and so through more of the kernel's memory.
  const listener = await listenUdp(watched.kernel, plane, { address: '0.0.0.0', port: 0, listener: 0 })
  outlets.udp.push(listener)
  listener.start()
  setInterval(() => {
    plane.forwarder.sweep()
    outlets.flush()
  }, TICK_MS)
  setInterval(() => {
    evictions = plane.cache.counts.evictions
  }, SAMPLE_MS)
  return listener.port()
}

const resident: number[] = []
let collections = 0
let evictions = 0
const litter: unknown[] = []

function disturb(): void {
  for (let i = 0; i < 200; i++) litter[(collections * 7 + i * 13) % 1000] = [i, { i }, new Uint8Array(40).fill(0xee)]
  for (let i = 0; i < 4; i++) litter[1000 + ((collections + i) % 64)] = new Uint8Array(16_384).fill(0xee)
  collections++
  globalThis.gc?.({ type: collections % 3 === 0 ? 'major' : 'minor', execution: 'sync' })
}

function report(): SoakReport {
  watched.checkMemory()
  return {
    resident,
    collections,
    batchCalls: watched.batchCalls,
    problems: [...watched.problems],
    evictions,
    sendFailed: counters[layout.scalar.sendFailed]!,
  }
}

process.on('message', (message: SoakOrders | 'report') => {
  if (message === 'report') process.send!(report())
  else {
    start(message).then(
      port => process.send!({ port }),
      error => {
        throw error
      },
    )
  }
})
process.on('disconnect', () => process.exit())
if (globalThis.gc === undefined) throw new Error('to be run with --expose-gc')
setInterval(disturb, COLLECT_MS)
setInterval(() => resident.push(process.memoryUsage.rss()), SAMPLE_MS)
setInterval(() => watched.checkMemory(), CHECK_MS)
