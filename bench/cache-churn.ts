/**
 * A million answers in the cache and a minute of churn: Zipf lookups among three million names, every miss inserted, as fast as it goes.
 * What is reported is what it does to the event loop: how long its turns take, beside turns that only compute, since the machine pauses too;
 * and the garbage collections.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AnswerCache, MISS } from '../src/resolver/cache.ts'
import { addressAnswer, KeyDeck } from './support/keys.ts'
import { cleanName } from './support/names.ts'
import { seeded, zipf } from './support/random.ts'
import { conditions } from './support/result.ts'
import { BATCH } from './support/workload.ts'

export interface Churn {
  readonly entries: number
  readonly lookups: number
  readonly inserts: number
  readonly evictions: number
  readonly own: Turns
  readonly control: Turns
  readonly collections: number
  readonly longestCollectionMs: number
}

/** How long turns of the event loop took, on the clock. */
interface Turns {
  count: number
  longestMs: number
  /** What 99.99 of 100 turns stayed below. */
  highMs: number
}

interface ChurnSize {
  readonly names: number
  readonly cacheOctets: number
  readonly seconds: number
}
export const FULL: ChurnSize = { names: 3_000_000, cacheOctets: 128 << 20, seconds: 60 }

/** Lookups whose names are drawn in advance, so that drawing is not in a turn. */
const DRAWN = 1 << 24
/** What the batch driver takes before it gives the loop back. */
const BATCHES_A_TURN = 8
const TTL_SECONDS = 1 << 30
const NOW = 1

export async function churn({ names, cacheOctets, seconds }: ChurnSize): Promise<Churn> {
  const keys = new KeyDeck(Array.from({ length: names }, (_, i) => cleanName(i)))
  const cache = new AnswerCache(cacheOctets)
  const answer = addressAnswer(TTL_SECONDS)
  // Asked for at once: what nobody asks for again would leave by the small ring, and the cache would stay a tenth full.
  for (let i = 0; i < names; i++) {
    cache.insert(keys.at(i), answer, NOW)
    cache.find(keys.at(i), NOW)
  }
  const draw = zipf(names, seeded(11))
  const drawn = Uint32Array.from({ length: Math.min(DRAWN, names * 4) }, draw)
  const before = { ...cache.counts }
  const batch = (first: number) => {
    for (let i = 0; i < BATCH; i++) {
      const key = keys.at(drawn[(first + i) % drawn.length]!)
      if (cache.find(key, NOW) === MISS) cache.insert(key, answer, NOW)
    }
  }
  const spin = () => {
    for (let i = 0; i < SPINS; i++) spun = (Math.imul(spun, 31) + i) | 0
  }
  const { own, control, ...collected } = await runTurns(batch, spin, seconds)
  return {
    entries: cache.counts.entries,
    lookups: own.count * BATCHES_A_TURN * BATCH,
    inserts: cache.counts.inserts - before.inserts,
    evictions: cache.counts.evictions - before.evictions,
    own,
    control,
    ...collected,
  }
}

/** What the control does for a batch: about as long, and nothing of the cache. */
const SPINS = 20_000
let spun = 1
/** The cache's turns and the control's alternate by such slices, so that both meet the same machine. */
const SLICE_MS = 1000

/** A few batches a turn of the event loop, for `seconds`, and as long of the control's. */
async function runTurns(batch: (first: number) => void, spin: () => void, seconds: number) {
  const collections = observeCollections()
  for (let i = 0; i < 20_000; i++) batch(i * BATCH)
  await nextTurn()
  const [own, control] = [new TurnTimes(), new TurnTimes()]
  const startMs = performance.now()
  for (let nowMs = startMs; nowMs < startMs + 2000 * seconds; ) {
    const isOwn = Math.floor((nowMs - startMs) / Math.min(SLICE_MS, 500 * seconds)) % 2 === 0
    if (isOwn) for (let i = 0; i < BATCHES_A_TURN; i++) batch((own.count * BATCHES_A_TURN + i) * BATCH)
    else for (let i = 0; i < BATCHES_A_TURN; i++) spin()
    await nextTurn()
    const nextMs = performance.now()
    const turns = isOwn ? own : control
    turns.add(nextMs - nowMs)
    nowMs = nextMs
  }
  return { own: own.summary(), control: control.summary(), ...collections.end(startMs) }
}

const BUCKETS_A_MS = 20
const HIGH_SHARE = 0.9999

class TurnTimes {
  count = 0
  private longestMs = 0
  private readonly buckets = new Uint32Array(BUCKETS_A_MS * 1000)

  add(ms: number): void {
    this.count++
    if (ms > this.longestMs) this.longestMs = ms
    const bucket = Math.min(Math.floor(ms * BUCKETS_A_MS), this.buckets.length - 1)
    this.buckets[bucket] = this.buckets[bucket]! + 1
  }

  summary(): Turns {
    let bucket = 0
    for (let below = 0; bucket < this.buckets.length && below < this.count * HIGH_SHARE; bucket++) {
      below += this.buckets[bucket]!
    }
    return { count: this.count, longestMs: this.longestMs, highMs: bucket / BUCKETS_A_MS }
  }
}

function observeCollections() {
  const durations: (readonly [startMs: number, ms: number])[] = []
  const observer = new PerformanceObserver(list => {
    for (const entry of list.getEntries()) durations.push([entry.startTime, entry.duration])
  })
  observer.observe({ entryTypes: ['gc'] })
  return {
    end(fromMs: number) {
      for (const entry of observer.takeRecords()) durations.push([entry.startTime, entry.duration])
      observer.disconnect()
      const own = durations.filter(([startMs]) => startMs >= fromMs).map(([, ms]) => ms)
      return { collections: own.length, longestCollectionMs: Math.max(0, ...own) }
    },
  }
}

export function churnText(seconds: number, own: Churn): string {
  const count = (value: number) => Math.round(value).toLocaleString('en')
  return [
    '**Churn**',
    '',
    `${count(own.entries)} answers in the cache; ${seconds} s, ${count(own.lookups)} lookups, ${count(own.inserts)} insertions, ${count(own.evictions)} evictions.`,
    `Turns of the event loop, 512 lookups each: 99.99 % below ${own.own.highMs.toFixed(2)} ms, the longest ${own.own.longestMs.toFixed(1)} ms. Turns in between that only compute: 99.99 % below ${own.control.highMs.toFixed(2)} ms, the longest ${own.control.longestMs.toFixed(1)} ms; that much is the machine.`,
    `Collections: ${own.collections}, the longest ${own.longestCollectionMs.toFixed(1)} ms; the promise and the clock reading of each turn are the bench's own garbage.`,
    '',
    conditions(),
  ].join('\n')
}

if (import.meta.main) console.log(churnText(FULL.seconds, await churn(FULL)))
